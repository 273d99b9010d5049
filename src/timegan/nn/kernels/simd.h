// What the kernels share: vectors of the width that the machine has, and the products that layers
// are made of. The batch is the SIMD axis: sequences are taken in blocks of W, and everything inside
// a block is laid out (row, W), so that a weight is one number that meets a whole vector.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#ifndef VECTOR_BYTES  // 64-byte vectors on a machine with 32-byte registers are slow, not wrong
#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif
#endif

namespace {

// A register tile is ROWS outputs by two vectors: 12 sums for 16 registers, 24 for 32.
#if VECTOR_BYTES == 64 || defined(__aarch64__)
constexpr int ROWS = 12;
#else
constexpr int ROWS = 6;
#endif

template <class T>
struct Wide {
  typedef T Vec __attribute__((vector_size(VECTOR_BYTES)));
  static constexpr int lanes = VECTOR_BYTES / sizeof(T);
  static constexpr int W = 2 * lanes;
};

template <class T>
using Vec = typename Wide<typename std::remove_const<T>::type>::Vec;

template <class T>
inline Vec<T>& at(T* p) {
  return *reinterpret_cast<Vec<T>*>(p);
}
template <class T>
inline const Vec<T>& at(const T* p) {
  return *reinterpret_cast<const Vec<T>*>(p);
}

// ---- weights ------------------------------------------------------------------------------------

inline int tiles(int rows) { return (rows + ROWS - 1) / ROWS; }

// Rows of a matrix over one or two inputs, as `product` reads them: for each tile of ROWS rows the
// biases, then for each column the ROWS weights. Rows that fill up the last tile are zero.
template <class T>
struct Packed {
  int rows = 0, k1 = 0, k2 = 0;
  std::vector<T> data;

  Packed(int rows, int k1, int k2)
      : rows(rows), k1(k1), k2(k2), data(size_t(tiles(rows)) * (1 + k1 + k2) * ROWS) {}

  T& operator()(int row, int column) {  // column 0: the bias
    return line(row)[size_t(column) * ROWS];
  }

  T* line(int row) {  // of a row, the columns ROWS apart
    return &data[size_t(row / ROWS) * (1 + k1 + k2) * ROWS + row % ROWS];
  }
};

// out (rows, W) = bias + w (in1 (k1, W), in2 (k2, W)); with ADD, out is added to instead.
template <class T, bool ADD>
void product(const Packed<T>& w, const T* in1, const T* in2, T* out) {
  constexpr int W = Wide<T>::W, lanes = Wide<T>::lanes;
  const T* p = w.data.data();
  for (int row = 0; row < w.rows; row += ROWS) {
    const int rows = w.rows - row < ROWS ? w.rows - row : ROWS;
    Vec<T> sum[ROWS][2];
#pragma GCC unroll 12
    for (int r = 0; r < ROWS; ++r) sum[r][0] = sum[r][1] = Vec<T>{} + p[r];
    p += ROWS;
    for (int part = 0; part < 2; ++part) {
      const T* in = part ? in2 : in1;
      const int k = part ? w.k2 : w.k1;
      for (int column = 0; column < k; ++column, p += ROWS, in += W) {
        const Vec<T> a = at(in), b = at(in + lanes);
#pragma GCC unroll 12
        for (int r = 0; r < ROWS; ++r) {
          sum[r][0] += p[r] * a;
          sum[r][1] += p[r] * b;
        }
      }
    }
    T* to = out + size_t(row) * W;
#pragma GCC unroll 12
    for (int r = 0; r < ROWS; ++r) {
      if (r < rows) {
        at(to + r * W) = ADD ? at(to + r * W) + sum[r][0] : sum[r][0];
        at(to + r * W + lanes) = ADD ? at(to + r * W + lanes) + sum[r][1] : sum[r][1];
      }
    }
  }
}

template <class T>
inline T total(Vec<T> v) {
  T part[Wide<T>::lanes];
  std::memcpy(part, &v, sizeof v);
  for (int n = Wide<T>::lanes / 2; n; n /= 2)
    for (int i = 0; i < n; ++i) part[i] += part[i + n];
  return part[0];
}

inline size_t whole(size_t rows, size_t tile) { return (rows + tile - 1) / tile * tile; }

// Copies rows (steps, rows, W) of some blocks, consecutive steps `step` apart and blocks `block`, to
// (rows / N, blocks, steps, 2, N, lanes), so that `outer` finds what it needs next to each other: at
// the distance of a step a cache keeps few. Beyond the edge the last row stands in.
template <class T, int N>
void gather(const T* from, size_t step, int rows, int steps, T* to, int blocks = 1,
            size_t block = 0) {
  constexpr int W = Wide<T>::W, lanes = Wide<T>::lanes;
  for (int row = 0; row < rows; row += N)
    for (int b = 0; b < blocks; ++b)
      for (int t = 0; t < steps; ++t)
        for (int v = 0; v < W; v += lanes)
          for (int i = 0; i < N; ++i, to += lanes)
            at(to) = at(from + b * block + t * step +
                        size_t(row + i < rows ? row + i : rows - 1) * W + v);
}

constexpr int OUTER_ROWS = 3, OUTER_COLUMNS = 4;

// to (rows, columns) += the sum over steps and sequences of a times b, both as `gather` leaves them.
template <class T>
void outer(const T* a, int rows, const T* b, int columns, int steps, T* to) {
  constexpr int lanes = Wide<T>::lanes, R = OUTER_ROWS, C = OUTER_COLUMNS;
  for (int column = 0; column < columns; column += C) {
    const T* x = a;
    for (int row = 0; row < rows; row += R) {
      const T* y = b + size_t(column / C) * steps * 2 * C * lanes;
      Vec<T> sum[R][C] = {};
      for (int k = 0; k < 2 * steps; ++k, x += R * lanes, y += C * lanes) {
        const Vec<T> u[R] = {at(x), at(x + lanes), at(x + 2 * lanes)};
#pragma GCC unroll 4
        for (int c = 0; c < C; ++c) {
          const Vec<T> v = at(y + c * lanes);
#pragma GCC unroll 3
          for (int r = 0; r < R; ++r) sum[r][c] += u[r] * v;
        }
      }
#pragma GCC unroll 3
      for (int r = 0; r < R; ++r)  // unrolled, so that the sums may stay in registers
#pragma GCC unroll 4
        for (int c = 0; c < C; ++c)
          if (row + r < rows && column + c < columns)
            to[size_t(row + r) * columns + column + c] += total<T>(sum[r][c]);
    }
  }
}

// to (rows) += the sum over steps and sequences of a (steps, rows, W).
template <class T>
void sums(const T* a, size_t a_step, int rows, int steps, T* to) {
  constexpr int W = Wide<T>::W, lanes = Wide<T>::lanes;
  for (int r = 0; r < rows; ++r) {
    Vec<T> sum = {};
    for (int t = 0; t < steps; ++t)
      for (int v = 0; v < W; v += lanes) sum += at(a + t * a_step + size_t(r) * W + v);
    to[r] += total<T>(sum);
  }
}

// ---- batches to blocks and back -----------------------------------------------------------------

constexpr size_t CHUNK = 64;  // numbers of a sequence that are moved together, for the cache's sake

// rows (count, size), `stride` apart, to (size, W); what is missing to W is zero.
template <class T>
void pack(const T* rows, size_t stride, int count, size_t size, T* block) {
  constexpr int W = Wide<T>::W;
  if (count < W || !rows) std::memset(block, 0, size * W * sizeof(T));
  if (!rows) return;
  for (size_t from = 0; from < size; from += CHUNK) {
    const size_t end = from + CHUNK < size ? from + CHUNK : size;
    for (int lane = 0; lane < count; ++lane)
      for (size_t i = from; i < end; ++i) block[i * W + lane] = rows[lane * stride + i];
  }
}

template <class T>
void unpack(const T* block, int count, size_t size, size_t stride, T* rows) {
  constexpr int W = Wide<T>::W;
  for (size_t from = 0; from < size; from += CHUNK) {
    const size_t end = from + CHUNK < size ? from + CHUNK : size;
    for (int lane = 0; lane < count; ++lane)
      for (size_t i = from; i < end; ++i) rows[lane * stride + i] = block[i * W + lane];
  }
}

}  // namespace
