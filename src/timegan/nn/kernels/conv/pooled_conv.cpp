// Convolutions with leaky ReLUs and, at the end, the mean and the maximum over the steps: what a
// critic makes of a window before its dense layers. Forward, backward, and backward once more for
// gradient penalties. The equations and the layout of the weights are those of torch.nn.Conv1d.
//
// A step of a map is C rows of W windows, and steps lie one after another, padding included, so what
// a kernel of K steps sees is one stretch of K C rows, and a convolution is `product` at each step.
// Between its kinks the whole is linear: the gradient at the input is J' d, with J of the weights
// and of the signs of the maps, and its own gradients are those of a bilinear function, which takes
// a forward pass of u without biases, J u, with the same signs.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "simd.h"

namespace {

constexpr double SLOPE = 0.2;

struct Layer {
  int in, out, size, stride, padding;

  int steps(int before) const { return (before + 2 * padding - size) / stride + 1; }
  int columns() const { return size * in; }
};

// Maps: 0 is the input. `steps` has no padding; map m is stored with that of the layer behind it.
struct Shape {
  int batch, layers;
  const Layer* layer;
  std::vector<int> steps;

  Shape(int batch, int steps0, int layers, const int* numbers)
      : batch(batch), layers(layers), layer(reinterpret_cast<const Layer*>(numbers)), steps{steps0} {
    for (int l = 0; l < layers; ++l) steps.push_back(layer[l].steps(steps.back()));
  }

  int channels(int map) const { return map ? layer[map - 1].out : layer[0].in; }
  int padding(int map) const { return map < layers ? layer[map].padding : 0; }
  int last() const { return channels(layers); }
};

template <class T>
size_t map_size(const Shape& s, int map) {
  return size_t(s.steps[map] + 2 * s.padding(map)) * s.channels(map) * Wide<T>::W;
}

template <class T>
size_t map_at(const Shape& s, int map) {
  size_t at = 0;
  for (int m = 0; m < map; ++m) at += map_size<T>(s, m);
  return at;
}

template <class T>
size_t block_size(const Shape& s) {
  return map_at<T>(s, s.layers + 1);
}

template <class T>
int blocks(const Shape& s) {
  return (s.batch + Wide<T>::W - 1) / Wide<T>::W;
}

// The first step of a map, behind its padding.
template <class T>
T* inner(const Shape& s, int map, T* block) {
  constexpr int W = Wide<T>::W;
  return block + map_at<typename std::remove_const<T>::type>(s, map) +
         size_t(s.padding(map)) * s.channels(map) * W;
}

template <class T>
void clear_padding(const Shape& s, int map, T* block) {
  const size_t size = size_t(s.padding(map)) * s.channels(map) * Wide<T>::W * sizeof(T);
  T* from = block + map_at<T>(s, map);
  std::memset(from, 0, size);
  std::memset(block + map_at<T>(s, map + 1) - size / sizeof(T), 0, size);
}

// ---- weights (O, C, K), rows ready for `product` -------------------------------------------------

template <class T>
std::vector<Packed<T>> forward_weights(const Shape& s, const T* const* weights, bool biases) {
  std::vector<Packed<T>> packed;
  for (int l = 0; l < s.layers; ++l) {
    const Layer& a = s.layer[l];
    const T *w = weights[2 * l], *bias = weights[2 * l + 1];
    packed.emplace_back(a.out, a.columns(), 0);
    for (int o = 0; o < a.out; ++o) {
      T* to = packed.back().line(o);
      if (biases) to[0] = bias[o];
      for (int c = 0; c < a.in; ++c)
        for (int k = 0; k < a.size; ++k, ++w) to[size_t(1 + k * a.in + c) * ROWS] = *w;
    }
  }
  return packed;
}

template <class T>
std::vector<Packed<T>> backward_weights(const Shape& s, const T* const* weights) {
  std::vector<Packed<T>> packed;
  for (int l = 0; l < s.layers; ++l) {
    const Layer& a = s.layer[l];
    packed.emplace_back(a.columns(), a.out, 0);
    for (int c = 0; c < a.in; ++c)
      for (int k = 0; k < a.size; ++k) {
        T* to = packed.back().line(k * a.in + c);
        const T* w = weights[2 * l] + c * a.size + k;
        for (int o = 0; o < a.out; ++o, w += a.columns()) to[size_t(1 + o) * ROWS] = *w;
      }
  }
  return packed;
}

// ---- forward -------------------------------------------------------------------------------------

template <class T>
inline Vec<T> leaky(Vec<T> value, Vec<T> sign) {
  return sign > T(0) ? value : value * T(SLOPE);
}

// Each maximum over the last map and how often it is there, (C, W) each: it shares its gradient.
template <class T>
void maxima(const Shape& s, const T* map, T* most, T* times) {
  const size_t size = size_t(s.last()) * Wide<T>::W;
  for (size_t i = 0; i < size; i += Wide<T>::lanes) {
    Vec<T> m = at(map + i), n = Vec<T>{} + T(1);
    for (int t = 1; t < s.steps[s.layers]; ++t) {
      const Vec<T> v = at(map + t * size + i);
      n = v > m ? Vec<T>{} + T(1) : (v == m ? n + T(1) : n);
      m = v > m || v != v ? v : m;  // NaN stays, as in torch
    }
    at(most + i) = m;
    at(times + i) = n;
  }
}

// The maps of a block from its first one on; `signs` are maps of the same shape.
template <class T>
void convolve(const Shape& s, const std::vector<Packed<T>>& weights, T* block, const T* signs) {
  constexpr int W = Wide<T>::W, lanes = Wide<T>::lanes;
  for (int l = 0; l < s.layers; ++l) {
    const Layer& a = s.layer[l];
    clear_padding(s, l, block);
    const T* in = block + map_at<T>(s, l);
    T* out = inner(s, l + 1, block);
    const size_t step = size_t(a.stride) * a.in * W, size = size_t(a.out) * W;
    for (int t = 0; t < s.steps[l + 1]; ++t)
      product<T, false>(weights[l], in + t * step, nullptr, out + t * size);
    const T* sign = signs ? inner(s, l + 1, signs) : out;
    for (size_t i = 0; i < s.steps[l + 1] * size; i += lanes)
      at(out + i) = leaky<T>(at(out + i), at(sign + i));
  }
}

// Means and, in the directions of the maxima of `signs`, values over the last map: (2 C, W).
template <class T>
void pool(const Shape& s, const T* map, const T* most, const T* times, const T* signs, T* pooled) {
  const size_t size = size_t(s.last()) * Wide<T>::W;
  const int steps = s.steps[s.layers];
  for (size_t i = 0; i < size; i += Wide<T>::lanes) {
    Vec<T> sum = {}, top = {};
    for (int t = 0; t < steps; ++t) {
      const Vec<T> v = at(map + t * size + i);
      sum += v;
      if (signs) top += at(signs + t * size + i) == at(most + i) ? v : Vec<T>{};
    }
    at(pooled + i) = sum / T(steps);
    at(pooled + size + i) = signs ? top / at(times + i) : at(most + i);
  }
}

template <class T>
void forward(const Shape& s, bool training, const T* x, const T* const* weights, T* pooled,
             T* work, T* scratch) {
  constexpr int W = Wide<T>::W;
  const auto packed = forward_weights(s, weights, true);
  const size_t size = size_t(s.steps[0]) * s.layer[0].in, width = 2 * size_t(s.last());
  T *most = scratch, *times = most + width * W / 2, *out = times + width * W / 2;
  for (int b = 0; b < s.batch; b += W) {
    const int count = s.batch - b < W ? s.batch - b : W;
    pack(x + b * size, size, count, size, inner(s, 0, work));
    convolve<T>(s, packed, work, nullptr);
    const T* map = inner(s, s.layers, work);
    maxima(s, map, most, times);
    pool<T>(s, map, most, times, nullptr, out);
    unpack(out, count, width, width, pooled + b * width);
    if (training) work += block_size<T>(s);
  }
}

// ---- backward ------------------------------------------------------------------------------------

// Gradients of all maps of a block, before their leaky ReLUs, from those of what is pooled (2 C, W).
template <class T>
void deltas_of(const Shape& s, const std::vector<Packed<T>>& weights, const T* maps, const T* d,
               bool whole_way, T* deltas, T* scratch) {
  constexpr int W = Wide<T>::W, lanes = Wide<T>::lanes;
  const size_t size = size_t(s.last()) * W;
  const int steps = s.steps[s.layers];
  const T* map = inner(s, s.layers, maps);
  T *most = scratch, *times = most + size, *to = inner(s, s.layers, deltas);
  maxima(s, map, most, times);
  for (size_t i = 0; i < size; i += lanes) {
    const Vec<T> mean = at(d + i) / T(steps), top = at(d + size + i) / at(times + i);
    for (int t = 0; t < steps; ++t) {
      const Vec<T> v = at(map + t * size + i);
      at(to + t * size + i) = leaky<T>(v == at(most + i) ? mean + top : mean, v);
    }
  }
  for (int l = s.layers - 1; l >= (whole_way ? 0 : 1); --l) {
    const Layer& a = s.layer[l];
    T* in = deltas + map_at<T>(s, l);
    std::memset(in, 0, map_size<T>(s, l) * sizeof(T));
    const T* out = inner(s, l + 1, deltas);
    for (int t = 0; t < s.steps[l + 1]; ++t)
      product<T, true>(weights[l], out + size_t(t) * a.out * W, nullptr,
                       in + size_t(t) * a.stride * a.in * W);
    if (!l) break;
    const T* sign = inner(s, l, maps);
    in = inner(s, l, deltas);
    for (size_t i = 0; i < size_t(s.steps[l]) * a.in * W; i += lanes)
      at(in + i) = leaky<T>(at(in + i), at(sign + i));
  }
}

// Blocks whose gradients are summed together: what the sums run over should stay in the cache.
template <class T>
int together(const Shape& s, int l) {
  const size_t bytes = size_t(s.layer[l].out) * s.steps[l + 1] * Wide<T>::W * sizeof(T);
  const int most = int(size_t(1 << 18) / bytes);
  return most < 1 ? 1 : (most < blocks<T>(s) ? most : blocks<T>(s));
}

template <class T>
size_t copies(const Shape& s, int l) {
  const Layer& a = s.layer[l];
  const size_t rows = whole(a.out, OUTER_ROWS) + whole(a.columns(), OUTER_COLUMNS);
  const size_t sums = whole(size_t(a.out) * a.columns(), Wide<T>::W);
  return rows * together<T>(s, l) * s.steps[l + 1] * Wide<T>::W + sums;
}

// Sums over windows and steps of gradients behind a layer times what the layer saw before it, added
// to `to` as (O, C, K), and of the gradients alone to `bias` unless that is null.
template <class T>
void weight_gradients(const Shape& s, int l, const T* maps, const T* deltas, T* to, T* bias,
                      T* scratch) {
  constexpr int W = Wide<T>::W, R = OUTER_ROWS, C = OUTER_COLUMNS;
  const Layer& a = s.layer[l];
  const int steps = s.steps[l + 1], most = together<T>(s, l), columns = a.columns();
  const size_t block = block_size<T>(s), stride = size_t(a.stride) * a.in * W;
  T* sum = scratch;
  T* rows = sum + whole(size_t(a.out) * columns, W);
  std::memset(sum, 0, size_t(a.out) * columns * sizeof(T));
  for (int b = 0; b < blocks<T>(s); b += most) {
    const int n = blocks<T>(s) - b < most ? blocks<T>(s) - b : most;
    const T* d = inner(s, l + 1, deltas + b * block);
    T* seen = rows + whole(a.out, R) * n * steps * W;
    gather<T, R>(d, size_t(a.out) * W, a.out, steps, rows, n, block);
    gather<T, C>(maps + b * block + map_at<T>(s, l), stride, columns, steps, seen, n, block);
    outer<T>(rows, a.out, seen, columns, n * steps, sum);
    if (bias)
      for (int i = 0; i < n; ++i) sums<T>(d + i * block, size_t(a.out) * W, a.out, steps, bias);
  }
  for (int o = 0; o < a.out; ++o)
    for (int k = 0; k < a.size; ++k)
      for (int c = 0; c < a.in; ++c) to[(size_t(o) * a.in + c) * a.size + k] += *sum++;
}

// Gradients of x and of the weights, unless they are null; those of the weights are added to what is
// there. `deltas`, of the shape of `work`, is kept for `again`.
template <class T>
void backward(const Shape& s, const T* const* weights, const T* work, const T* d, T* dx,
              T* const* dweights, T* deltas, T* scratch) {
  constexpr int W = Wide<T>::W;
  const auto packed = backward_weights(s, weights);
  const size_t size = size_t(s.steps[0]) * s.layer[0].in, width = 2 * size_t(s.last());
  const size_t block = block_size<T>(s);
  T* pooled = scratch + width * W;
  for (int b = 0; b < s.batch; b += W) {
    const int count = s.batch - b < W ? s.batch - b : W;
    const T* maps = work + b / W * block;
    T* own = deltas + b / W * block;
    pack(d + b * width, width, count, width, pooled);
    deltas_of<T>(s, packed, maps, pooled, dx, own, scratch);
    if (dx) unpack(inner(s, 0, own), count, size, size, dx + b * size);
  }
  if (dweights)
    for (int l = 0; l < s.layers; ++l)
      weight_gradients<T>(s, l, work, deltas, dweights[2 * l], dweights[2 * l + 1], scratch);
}

// From gradients u at dx to those at the pooled features' gradients d, and to the weights unless
// they are null. `tangents` is of the shape of `work`.
template <class T>
void again(const Shape& s, const T* const* weights, const T* work, const T* deltas, const T* u,
           T* dd, T* const* dweights, T* tangents, T* scratch) {
  constexpr int W = Wide<T>::W;
  const auto packed = forward_weights(s, weights, false);
  const size_t size = size_t(s.steps[0]) * s.layer[0].in, width = 2 * size_t(s.last());
  const size_t block = block_size<T>(s);
  T *most = scratch, *times = most + width * W / 2, *out = times + width * W / 2;
  for (int b = 0; b < s.batch; b += W) {
    const int count = s.batch - b < W ? s.batch - b : W;
    const T* maps = work + b / W * block;
    T* own = tangents + b / W * block;
    pack(u + b * size, size, count, size, inner(s, 0, own));
    convolve<T>(s, packed, own, maps);
    const T* map = inner(s, s.layers, maps);
    maxima(s, map, most, times);
    pool<T>(s, inner(s, s.layers, own), most, times, map, out);
    unpack(out, count, width, width, dd + b * width);
  }
  if (dweights)
    for (int l = 0; l < s.layers; ++l)
      weight_gradients<T>(s, l, tangents, deltas, dweights[2 * l], static_cast<T*>(nullptr), scratch);
}

template <class T>
int64_t scratch_for(const Shape& s) {
  size_t most = 4 * size_t(s.last()) * Wide<T>::W;
  for (int l = 0; l < s.layers; ++l) most = copies<T>(s, l) > most ? copies<T>(s, l) : most;
  return int64_t(most);
}

}  // namespace

// ---- what Python calls; pointers to 64-byte aligned, contiguous memory ---------------------------

#define EXPORT extern "C" __attribute__((visibility("default")))

// Numbers that `work`, `deltas` and `tangents` hold each: the maps of all windows, or of one block.
EXPORT int64_t pooled_work(int batch, int steps, int layers, const int* numbers, int all,
                           int wide) {
  const Shape s(batch, steps, layers, numbers);
  return wide ? block_size<double>(s) * (all ? blocks<double>(s) : 1)
              : block_size<float>(s) * (all ? blocks<float>(s) : 1);
}

EXPORT int64_t pooled_scratch(int batch, int steps, int layers, const int* numbers, int wide) {
  const Shape s(batch, steps, layers, numbers);
  return wide ? scratch_for<double>(s) : scratch_for<float>(s);
}

#define DEFINE(NAME, T)                                                                           \
  EXPORT void pooled_forward_##NAME(int batch, int steps, int layers, const int* numbers,         \
                                    int training, const T* x, const T* const* weights, T* pooled, \
                                    T* work, T* scratch) {                                        \
    forward<T>({batch, steps, layers, numbers}, training, x, weights, pooled, work, scratch);     \
  }                                                                                               \
  EXPORT void pooled_backward_##NAME(int batch, int steps, int layers, const int* numbers,        \
                                     const T* const* weights, const T* work, const T* d, T* dx,   \
                                     T* const* dweights, T* deltas, T* scratch) {                 \
    backward<T>({batch, steps, layers, numbers}, weights, work, d, dx, dweights, deltas,          \
                scratch);                                                                         \
  }                                                                                               \
  EXPORT void pooled_again_##NAME(int batch, int steps, int layers, const int* numbers,           \
                                  const T* const* weights, const T* work, const T* deltas,        \
                                  const T* u, T* dd, T* const* dweights, T* tangents,             \
                                  T* scratch) {                                                   \
    again<T>({batch, steps, layers, numbers}, weights, work, deltas, u, dd, dweights, tangents,   \
             scratch);                                                                            \
  }

DEFINE(float, float)
DEFINE(double, double)
