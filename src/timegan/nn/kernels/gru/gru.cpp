// A stack of GRU layers and, if wanted, a dense layer a step with or without a sigmoid behind it:
// a whole network, forward and backward, so small that a framework's overhead would be most of its
// time. The equations and the layout of the weights are those of torch.nn.GRU and torch.nn.Linear.
//
// The batch is the SIMD axis: sequences are taken in blocks of W, and everything inside a block is
// laid out (step, feature, W), so that a weight is one number that meets a whole vector. Nothing
// mixes sequences but the sums of the weights' gradients: what a sequence gives does not depend on
// its neighbours, nor on the size of the batch.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <vector>

#include "simd.h"

namespace {

template <class T>
struct Bits;
template <>
struct Bits<float> {
  using Int = int32_t;
  typedef Int IntVec __attribute__((vector_size(VECTOR_BYTES)));
  static constexpr int mantissa = 23, bias = 127, terms = 7;
  static constexpr float low = -87.0f, high = 88.0f;
  static constexpr float log2e = 1.44269504f, ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
};
template <>
struct Bits<double> {
  using Int = int64_t;
  typedef Int IntVec __attribute__((vector_size(VECTOR_BYTES)));
  static constexpr int mantissa = 52, bias = 1023, terms = 13;
  static constexpr double low = -708.0, high = 709.0;
  static constexpr double log2e = 1.4426950408889634, ln2_high = 0.693359375,
                          ln2_low = -2.1219444005469058e-4;
};

constexpr double factorial(int n) { return n < 2 ? 1.0 : n * factorial(n - 1); }

// exp(x) - 1, exact to a few units in the last place near zero too. NaN stays NaN: comparisons with
// it are false, and whatever exponent it gives multiplies a NaN.
template <class T>
inline Vec<T> expm1(Vec<T> x) {
  using B = Bits<T>;
  using IntVec = typename B::IntVec;
  const Vec<T> low = Vec<T>{} + B::low, high = Vec<T>{} + B::high;
  x = x < low ? low : x;
  x = x > high ? high : x;
  // Adding 1.5 * 2^mantissa rounds to a whole number, which then lies in the lowest bits.
  const T magic = T(3) * T(typename B::Int(1) << (B::mantissa - 1));
  const Vec<T> shifted = x * B::log2e + magic;
  const Vec<T> n = shifted - magic;
  const IntVec power = (IntVec)shifted - (IntVec)(Vec<T>{} + magic);
  const Vec<T> r = x - n * B::ln2_high - n * B::ln2_low;  // |r| <= ln(2) / 2
  // Even and odd powers apart: two short chains instead of a long one.
  const Vec<T> rr = r * r;
  Vec<T> odd = Vec<T>{} + T(1 / factorial(B::terms)), even = Vec<T>{} + T(1 / factorial(B::terms - 1));
#pragma GCC unroll 16
  for (int k = B::terms - 2; k >= 1; k -= 2) odd = odd * rr + T(1 / factorial(k));
#pragma GCC unroll 16
  for (int k = B::terms - 3; k >= 2; k -= 2) even = even * rr + T(1 / factorial(k));
  const Vec<T> q = odd + even * r;
  const Vec<T> scale = (Vec<T>)((power + B::bias) << B::mantissa);
  return scale * (q * r) + (scale - T(1));
}

template <class T>
inline Vec<T> sigmoid(Vec<T> x) {
  return T(1) / (T(2) + expm1<T>(-x));
}

template <class T>
inline Vec<T> tanh(Vec<T> x) {
  const Vec<T> e = expm1<T>(x + x);
  return e / (e + T(2));
}

// ---- the stack ----------------------------------------------------------------------------------

struct Sizes {
  int batch, steps, inputs, hidden, layers;
  int outputs, squash;  // of the dense layer; no outputs: there is none

  int width(int layer) const { return layer ? hidden : inputs; }
};

// What a block needs, in numbers of T. While training everything is kept for the backward pass: the
// inputs (steps, F, W), for each layer the gates r, z, n and W_hn h + b_hn (steps, 4, H, W) and the
// states from the initial one on (steps + 1, H, W), and the dense layer's outputs (steps, O, W).
template <class T>
struct Room {
  size_t inputs, gates, states, outputs;

  Room(const Sizes& s, bool training)
      : inputs(size_t(s.steps) * s.inputs * Wide<T>::W),
        gates(size_t(training ? s.steps : 1) * 4 * s.hidden * Wide<T>::W),
        states(size_t(s.steps + 1) * s.hidden * Wide<T>::W),
        outputs(size_t(s.steps) * s.outputs * Wide<T>::W) {}

  size_t block(int layers) const { return outputs_at(layers) + outputs; }
  size_t outputs_at(int layers) const { return inputs + layers * (gates + states); }
  size_t gates_at(int layer) const { return inputs + layer * (gates + states); }
  size_t states_at(int layer) const { return gates_at(layer) + gates; }
};

// The weights of a layer, w_ih (3H, F), w_hh (3H, H), b_ih, b_hh (3H), ready for `product`.
template <class T>
struct Forward {
  Packed<T> update, input, state;  // r and z of both; W_in x + b_in; W_hn h + b_hn

  Forward(const T* const* w, int F, int H) : update(2 * H, F, H), input(H, F, 0), state(H, H, 0) {
    for (int row = 0; row < 2 * H; ++row) {
      update(row, 0) = w[2][row] + w[3][row];
      for (int k = 0; k < F; ++k) update(row, 1 + k) = w[0][size_t(row) * F + k];
      for (int k = 0; k < H; ++k) update(row, 1 + F + k) = w[1][size_t(row) * H + k];
    }
    for (int row = 0; row < H; ++row) {
      const size_t from = 2 * H + row;
      input(row, 0) = w[2][from];
      state(row, 0) = w[3][from];
      for (int k = 0; k < F; ++k) input(row, 1 + k) = w[0][from * F + k];
      for (int k = 0; k < H; ++k) state(row, 1 + k) = w[1][from * H + k];
    }
  }
};

template <class T>
void forward_layer(const Forward<T>& w, int steps, int F, int H, const T* x, T* gates,
                   size_t gates_step, T* h) {
  constexpr int W = Wide<T>::W, lanes = Wide<T>::lanes;
  const size_t size = size_t(H) * W;
  for (int t = 0; t < steps; ++t, x += size_t(F) * W, h += size, gates += gates_step) {
    T *r = gates, *z = r + size, *n = z + size, *hn = n + size, *next = h + size;
    product<T, false>(w.update, x, h, r);
    product<T, false>(w.input, x, nullptr, n);
    product<T, false>(w.state, h, nullptr, hn);
    for (size_t i = 0; i < 2 * size; i += lanes) at(r + i) = sigmoid<T>(at(r + i));
    for (size_t i = 0; i < size; i += lanes) {
      const Vec<T> N = tanh<T>(at(n + i) + at(r + i) * at(hn + i));
      at(n + i) = N;
      at(next + i) = N + at(z + i) * (at(h + i) - N);
    }
  }
}

// The weights of the dense layer, (O, H) and (O), ready for `product`; none where O is 0.
template <class T>
Packed<T> dense(const T* const* w, int O, int H) {
  Packed<T> packed(O, H, 0);
  for (int row = 0; row < O; ++row) {
    packed(row, 0) = w[1][row];
    for (int k = 0; k < H; ++k) packed(row, 1 + k) = w[0][size_t(row) * H + k];
  }
  return packed;
}

template <class T>
void forward(const Sizes& s, bool training, const T* x, const T* h0, const T* const* weights,
             const T* const* head, T* out, T* last, T* work) {
  constexpr int W = Wide<T>::W, lanes = Wide<T>::lanes;
  const int H = s.hidden, O = s.outputs, width = O ? O : H;
  const Packed<T> last_layer = dense(head, O, H);
  const Room<T> room(s, training);
  std::vector<Forward<T>> packed;
  packed.reserve(s.layers);
  for (int l = 0; l < s.layers; ++l) packed.emplace_back(weights + 4 * l, s.width(l), H);
  for (int b = 0; b < s.batch; b += W) {
    const int count = s.batch - b < W ? s.batch - b : W;
    const size_t stride = size_t(s.steps) * s.inputs;
    pack(x + b * stride, stride, count, stride, work);
    const T* in = work;
    for (int l = 0; l < s.layers; ++l) {
      T* h = work + room.states_at(l);
      const size_t at_state = (size_t(l) * s.batch + b) * H;
      pack(h0 ? h0 + at_state : nullptr, H, count, H, h);
      forward_layer<T>(packed[l], s.steps, s.width(l), H, in, work + room.gates_at(l),
                       training ? size_t(4) * H * W : 0, h);
      unpack(h + size_t(s.steps) * H * W, count, H, H, last + at_state);
      in = h + size_t(H) * W;
    }
    if (O) {
      T* y = work + room.outputs_at(s.layers);
      for (int t = 0; t < s.steps; ++t)
        product<T, false>(last_layer, in + size_t(t) * H * W, nullptr, y + size_t(t) * O * W);
      if (s.squash)
        for (size_t i = 0; i < room.outputs; i += lanes) at(y + i) = sigmoid<T>(at(y + i));
      in = y;
    }
    const size_t size = size_t(s.steps) * width;
    unpack(in, count, size, size, out + b * size);
    if (training) work += room.block(s.layers);
  }
}

// The transposed weights of a layer: from the gradients of r, z, n before their functions to those
// of the input, and from r, z and W_hn h + b_hn to those of the state before.
template <class T>
struct Backward {
  Packed<T> input, state;

  Backward(const T* const* w, int F, int H) : input(F, 3 * H, 0), state(H, 2 * H, H) {
    for (int k = 0; k < 3 * H; ++k) {
      for (int row = 0; row < F; ++row) input(row, 1 + k) = w[0][size_t(k) * F + row];
      for (int row = 0; row < H; ++row) state(row, 1 + k) = w[1][size_t(k) * H + row];
    }
  }
};

// dy: gradients of the states (steps, H, W). d (steps, 4, H, W) becomes the gradients of r, z and n
// before their functions and of W_hn h + b_hn, dh (H, W) that of the initial state, and dx, unless
// it is null, that of the input (steps, F, W).
template <class T>
void backward_layer(const Backward<T>& w, int steps, int F, int H, const T* gates, const T* h,
                    const T* dy, T* d, T* dh, T* dx) {
  constexpr int W = Wide<T>::W, lanes = Wide<T>::lanes;
  const size_t size = size_t(H) * W;
  for (int t = steps - 1; t >= 0; --t) {
    const T *r = gates + t * 4 * size, *z = r + size, *n = z + size, *hn = n + size;
    const T *before = h + t * size, *grad = dy + t * size;
    T *dr = d + t * 4 * size, *dz = dr + size, *dn = dz + size, *dhn = dn + size;
    for (size_t i = 0; i < size; i += lanes) {
      const Vec<T> R = at(r + i), Z = at(z + i), N = at(n + i), g = at(dh + i) + at(grad + i);
      const Vec<T> gn = g * (T(1) - Z) * (T(1) - N * N);
      at(dr + i) = gn * at(hn + i) * R * (T(1) - R);
      at(dz + i) = g * (at(before + i) - N) * Z * (T(1) - Z);
      at(dn + i) = gn;
      at(dhn + i) = gn * R;
      at(dh + i) = g * Z;
    }
    product<T, true>(w.state, dr, dhn, dh);
    if (dx) product<T, false>(w.input, dr, nullptr, dx + size_t(t) * F * W);
  }
}

// Steps whose gradients are summed together: what the sums run over should stay in the cache.
template <class T>
inline int together(int steps, int rows) {
  const int most = int(size_t(1 << 18) / (size_t(rows) * Wide<T>::W * sizeof(T)));
  return most < 8 ? (steps < 8 ? steps : 8) : (most < steps ? most : steps);
}

// The same for the dense layer: from the gradients of its outputs to those of the states.
template <class T>
Packed<T> dense_back(const T* const* w, int O, int H) {
  Packed<T> packed(H, O, 0);
  for (int k = 0; k < O; ++k)
    for (int row = 0; row < H; ++row) packed(row, 1 + k) = w[0][size_t(k) * H + row];
  return packed;
}

// Numbers of T that `weight_gradients` needs for its copies.
template <class T>
size_t copies(int steps, int F, int H) {
  const size_t rows = whole(2 * H, OUTER_ROWS) + 2 * whole(H, OUTER_ROWS);
  const size_t columns = whole(F, OUTER_COLUMNS) + whole(H, OUTER_COLUMNS);
  return (rows + columns) * together<T>(steps, F + H) * Wide<T>::W;
}

// Likewise for `dense_gradients`.
template <class T>
size_t dense_copies(int steps, int O, int H) {
  return (whole(O, OUTER_ROWS) + whole(H, OUTER_COLUMNS)) * together<T>(steps, O + H) * Wide<T>::W;
}

template <class T>
void dense_gradients(int steps, int O, int H, const T* h, const T* d, T* const* to, T* scratch) {
  constexpr int W = Wide<T>::W, R = OUTER_ROWS, C = OUTER_COLUMNS;
  const size_t d_step = size_t(O) * W, h_step = size_t(H) * W;
  const int most = together<T>(steps, O + H);
  for (int t = 0; t < steps; t += most) {
    const int n = steps - t < most ? steps - t : most;
    T* hs = scratch + whole(O, R) * n * W;
    gather<T, R>(d + t * d_step, d_step, O, n, scratch);
    gather<T, C>(h + t * h_step, h_step, H, n, hs);
    outer<T>(scratch, O, hs, H, n, to[0]);
    sums<T>(d + t * d_step, d_step, O, n, to[1]);
  }
}

template <class T>
void weight_gradients(int steps, int F, int H, const T* x, const T* h, const T* d, T* const* to,
                      T* scratch) {
  constexpr int W = Wide<T>::W, R = OUTER_ROWS, C = OUTER_COLUMNS;
  const size_t size = size_t(H) * W, x_step = size_t(F) * W;
  const int most = together<T>(steps, F + H);
  for (int t = 0; t < steps; t += most) {
    const int n = steps - t < most ? steps - t : most;
    const T *dt = d + t * 4 * size, *dn = dt + 2 * size, *dhn = dt + 3 * size;
    T* rz = scratch;
    T* in = rz + whole(2 * H, R) * n * W;
    T* hidden = in + whole(H, R) * n * W;
    T* xs = hidden + whole(H, R) * n * W;
    T* hs = xs + whole(F, C) * n * W;
    gather<T, R>(dt, 4 * size, 2 * H, n, rz);
    gather<T, R>(dn, 4 * size, H, n, in);
    gather<T, R>(dhn, 4 * size, H, n, hidden);
    gather<T, C>(x + t * x_step, x_step, F, n, xs);
    gather<T, C>(h + t * size, size, H, n, hs);
    outer<T>(rz, 2 * H, xs, F, n, to[0]);
    outer<T>(in, H, xs, F, n, to[0] + size_t(2) * H * F);
    outer<T>(rz, 2 * H, hs, H, n, to[1]);
    outer<T>(hidden, H, hs, H, n, to[1] + size_t(2) * H * H);
    sums<T>(dt, 4 * size, 3 * H, n, to[2]);
    sums<T>(dhn, 4 * size, H, n, to[3] + 2 * H);
  }
}

// Gradients of x, of the initial states and of the weights; those that are null are not computed,
// and those of the weights are added to what is there.
template <class T>
void backward(const Sizes& s, const T* const* weights, const T* const* head, const T* work,
              const T* dout, const T* dlast, T* dx, T* dh0, T* const* dweights, T* const* dhead,
              T* scratch) {
  constexpr int W = Wide<T>::W, lanes = Wide<T>::lanes;
  const int H = s.hidden, O = s.outputs;
  const Packed<T> first_layer = dense_back(head, O, H);
  const Room<T> room(s, true);
  std::vector<Backward<T>> packed;
  packed.reserve(s.layers);
  for (int l = 0; l < s.layers; ++l) packed.emplace_back(weights + 4 * l, s.width(l), H);
  const size_t widest = H > s.inputs ? H : s.inputs;
  T* dy = scratch;  // gradients of a layer's output, then of its input, in turns with `other`
  T* other = dy + size_t(s.steps) * widest * W;
  T* d = other + size_t(s.steps) * widest * W;
  T* dh = d + size_t(s.steps) * 4 * H * W;
  T* doutputs = dh + size_t(H) * W;
  T* rest = doutputs + room.outputs;
  for (int b = 0; b < s.batch; b += W, work += room.block(s.layers)) {
    const int count = s.batch - b < W ? s.batch - b : W;
    const size_t stride = size_t(s.steps) * (O ? O : H);
    pack(dout ? dout + b * stride : nullptr, stride, count, stride, O ? doutputs : dy);
    if (O) {
      const T* y = work + room.outputs_at(s.layers);
      const T* h = work + room.states_at(s.layers - 1) + size_t(H) * W;
      if (s.squash)
        for (size_t i = 0; i < room.outputs; i += lanes)
          at(doutputs + i) *= at(y + i) * (T(1) - at(y + i));
      for (int t = 0; t < s.steps; ++t)
        product<T, false>(first_layer, doutputs + size_t(t) * O * W, nullptr,
                          dy + size_t(t) * H * W);
      if (dhead) dense_gradients<T>(s.steps, O, H, h, doutputs, dhead, rest);
    }
    for (int l = s.layers - 1; l >= 0; --l) {
      const int F = s.width(l);
      const size_t at_state = (size_t(l) * s.batch + b) * H;
      const T* h = work + room.states_at(l);
      const T* x = l ? work + room.states_at(l - 1) + size_t(H) * W : work;
      pack(dlast ? dlast + at_state : nullptr, H, count, H, dh);
      backward_layer<T>(packed[l], s.steps, F, H, work + room.gates_at(l), h, dy, d, dh,
                        l || dx ? other : nullptr);
      if (dh0) unpack(dh, count, H, H, dh0 + at_state);
      if (dweights) {
        T* const* to = dweights + 4 * l;
        weight_gradients<T>(s.steps, F, H, x, h, d, to, rest);
      }
      T* swap = dy;
      dy = other, other = swap;
    }
    const size_t size = size_t(s.steps) * s.inputs;
    if (dx) unpack(dy, count, size, size, dx + b * size);
  }
  if (dweights)  // r and z have one sum of two biases
    for (int l = 0; l < s.layers; ++l)
      std::memcpy(dweights[4 * l + 3], dweights[4 * l + 2], 2 * H * sizeof(T));
}

}  // namespace

// ---- what Python calls; pointers to 64-byte aligned, contiguous memory --------------------------

#define EXPORT extern "C" __attribute__((visibility("default")))

// Numbers that `work` holds: what the backward pass needs (training), or one block's worth.
EXPORT int64_t gru_work(int batch, int steps, int inputs, int hidden, int layers, int outputs,
                        int training, int wide) {
  const Sizes s{batch, steps, inputs, hidden, layers, outputs, 0};
  const int W = wide ? Wide<double>::W : Wide<float>::W;
  const size_t block = wide ? Room<double>(s, training).block(layers)
                            : Room<float>(s, training).block(layers);
  return int64_t(block) * (training ? (batch + W - 1) / W : 1);
}

namespace {

template <class T>
size_t scratch_for(int steps, int inputs, int hidden, int outputs) {
  const size_t widest = hidden > inputs ? hidden : inputs;
  size_t most = copies<T>(steps, inputs, hidden);
  for (size_t other : {copies<T>(steps, hidden, hidden), dense_copies<T>(steps, outputs, hidden)})
    most = other > most ? other : most;
  return (steps * (2 * widest + 4 * hidden + outputs) + hidden) * Wide<T>::W + most;
}

}  // namespace

EXPORT int64_t gru_scratch(int steps, int inputs, int hidden, int outputs, int wide) {
  return wide ? scratch_for<double>(steps, inputs, hidden, outputs)
              : scratch_for<float>(steps, inputs, hidden, outputs);
}

#define DEFINE(NAME, T)                                                                           \
  EXPORT void gru_forward_##NAME(int batch, int steps, int inputs, int hidden, int layers,        \
                                 int outputs, int squash, int training, const T* x, const T* h0,  \
                                 const T* const* weights, const T* const* head, T* out, T* last,  \
                                 T* work) {                                                       \
    forward<T>({batch, steps, inputs, hidden, layers, outputs, squash}, training, x, h0, weights, \
               head, out, last, work);                                                            \
  }                                                                                               \
  EXPORT void gru_backward_##NAME(int batch, int steps, int inputs, int hidden, int layers,       \
                                  int outputs, int squash, const T* const* weights,               \
                                  const T* const* head, const T* work, const T* dout,             \
                                  const T* dlast, T* dx, T* dh0, T* const* dweights,              \
                                  T* const* dhead, T* scratch) {                                  \
    backward<T>({batch, steps, inputs, hidden, layers, outputs, squash}, weights, head, work,     \
                dout, dlast, dx, dh0, dweights, dhead, scratch);                                  \
  }

DEFINE(float, float)
DEFINE(double, double)
