// The GRU of the judges: TensorFlow 1's cell, R of them side by side, forward and backward.
//
//   r, u = sigmoid(K_g x + G h),  c = tanh(K_c x + W (r h)),  h' = u h + (1 - u) c
//
// Legend: R judges, B windows, T steps, F inputs (the last is the constant 1), U units.
// Windows are the innermost axis and lie across the lanes of the vector unit: a block of LANES
// windows goes through all steps before the next one starts. What the way back needs of a block
// (h, r and u, c of every step) lies together in `kept`, (R, blocks, (T + 1) U + 3 T U, LANES).
// No fast-math: NaN stays NaN.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

#if defined(__AVX512F__)
constexpr int WIDTH = 16, ROWS = 4;
#else
constexpr int WIDTH = 8, ROWS = 2;  // wider vectors than the machine's own collapse
#endif
constexpr int PARTS = 4, LANES = PARTS * WIDTH;

typedef float Vector __attribute__((vector_size(WIDTH * 4), aligned(4)));
typedef int Integers __attribute__((vector_size(WIDTH * 4), aligned(4)));

inline Vector all(float value) { return value - Vector{}; }

// exp by 2^n times a polynomial of degree 6 on [-ln 2 / 2, ln 2 / 2]: relative error below 3e-7.
inline Vector exponential(Vector x) {
    x = x < -87.f ? all(-87.f) : x;
    x = x > 87.f ? all(87.f) : x;
    const Vector magic = all(12582912.f);  // adding it rounds to the nearest integer
    Vector n = (x * 1.44269504f + magic) - magic;
    Vector f = x - n * 0.693359375f + n * 2.12194440e-4f;
    Vector p = all(1.9875691500e-4f);
    p = p * f + 1.3981999507e-3f;
    p = p * f + 8.3334519073e-3f;
    p = p * f + 4.1665795894e-2f;
    p = p * f + 1.6666665459e-1f;
    p = p * f + 5.0000001201e-1f;
    p = p * f * f + f + 1.f;
    Integers bits = (__builtin_convertvector(n, Integers) + 127) << 23;
    Vector scale;
    std::memcpy(&scale, &bits, sizeof(scale));
    return p * scale;
}

inline Vector sigmoid(Vector x) { return 1.f / (1.f + exponential(-x)); }
inline Vector tanh_(Vector x) { return 1.f - 2.f / (1.f + exponential(2.f * x)); }

// A row of LANES numbers.
struct Row {
    float *at;
    Vector &operator[](int part) const { return *reinterpret_cast<Vector *>(at + part * WIDTH); }
};
inline Row row(float *base, ptrdiff_t index) { return {base + index * LANES}; }

// out[i] += sum_j weight[i, j] in[j], for rows of lanes; `stride` and `step` are those of weight.
template <int N>
inline void rows(float *out, const float *weight, ptrdiff_t stride, ptrdiff_t step, float *in,
                 int count) {
    Vector sum[N][PARTS];
    for (int i = 0; i < N; i++)
        for (int p = 0; p < PARTS; p++) sum[i][p] = row(out, i)[p];
    for (int j = 0; j < count; j++) {
        Row x = row(in, j);
        for (int i = 0; i < N; i++) {
            float w = weight[i * stride + j * step];
            for (int p = 0; p < PARTS; p++) sum[i][p] += w * x[p];
        }
    }
    for (int i = 0; i < N; i++)
        for (int p = 0; p < PARTS; p++) row(out, i)[p] = sum[i][p];
}

void product(float *out, int outputs, const float *weight, ptrdiff_t stride, ptrdiff_t step,
             float *in, int count) {
    int i = 0;
    for (; i + ROWS <= outputs; i += ROWS)
        rows<ROWS>(out + i * LANES, weight + i * stride, stride, step, in, count);
    for (; i < outputs; i++) rows<1>(out + i * LANES, weight + i * stride, stride, step, in, count);
}

// sums[i, j] += a[i] b[j], lane by lane; the lanes are added up at the end.
template <int N>
inline void outer_rows(float *sums, float *a, float *b, int count) {
    Vector left[N][PARTS];
    for (int i = 0; i < N; i++)
        for (int p = 0; p < PARTS; p++) left[i][p] = row(a, i)[p];
    for (int j = 0; j < count; j++) {
        Row right = row(b, j);
        for (int i = 0; i < N; i++) {
            Vector &sum = *reinterpret_cast<Vector *>(sums + (i * count + j) * WIDTH);
            Vector s = sum;
            for (int p = 0; p < PARTS; p++) s += left[i][p] * right[p];
            sum = s;
        }
    }
}

void outer(float *sums, float *a, int rows_, float *b, int count) {
    int i = 0;
    for (; i + ROWS <= rows_; i += ROWS)
        outer_rows<ROWS>(sums + i * count * WIDTH, a + i * LANES, b, count);
    for (; i < rows_; i++) outer_rows<1>(sums + i * count * WIDTH, a + i * LANES, b, count);
}

void add_up(float *out, const std::vector<float> &sums, ptrdiff_t count) {
    for (ptrdiff_t k = 0; k < count; k++) {
        float total = 0;
        for (int l = 0; l < WIDTH; l++) total += sums[k * WIDTH + l];
        out[k] = total;
    }
}

// Copy `count` rows of `width` windows into rows of LANES, or back.
void take(float *to, const float *from, int count, ptrdiff_t stride, int width) {
    for (int i = 0; i < count; i++) {
        if (width < LANES) std::memset(to + i * LANES, 0, LANES * sizeof(float));
        std::memcpy(to + i * LANES, from + i * stride, width * sizeof(float));
    }
}
void give(float *to, const float *from, int count, ptrdiff_t stride, int width) {
    for (int i = 0; i < count; i++)
        std::memcpy(to + i * stride, from + i * LANES, width * sizeof(float));
}

struct Block {  // where the parts of what is kept of a block lie
    float *h, *gates, *c;
    int units;
    Block(float *kept, ptrdiff_t number, int steps, int units) : units(units) {
        h = kept + number * ((4 * steps + 1) * units) * LANES;
        gates = h + (steps + 1) * units * LANES;
        c = gates + 2 * steps * units * LANES;
    }
    float *state(int t) const { return h + t * units * LANES; }
    float *gate(int t) const { return gates + 2 * t * units * LANES; }
    float *candidate(int t) const { return c + t * units * LANES; }
};

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

// Windows of a block, from which the caller finds the size of `kept`.
int lanes() { return LANES; }

// The windows of pool (T, F, N) that each judge has chosen, (R, B), as out (T, R, F, B).
void choose(const float *pool, const int64_t *chosen, float *out, ptrdiff_t T, ptrdiff_t F,
            ptrdiff_t N, ptrdiff_t R, ptrdiff_t B) {
    for (ptrdiff_t t = 0; t < T; t++)
        for (ptrdiff_t f = 0; f < F; f++) {
            const float *from = pool + (t * F + f) * N;
            for (ptrdiff_t r = 0; r < R; r++) {
                float *to = out + ((t * R + r) * F + f) * B;
                for (ptrdiff_t b = 0; b < B; b++) to[b] = from[chosen[r * B + b]];
            }
        }
}

// x (T, R, F, B), with the strides of its first three axes, kernel (R, 3U, F), gates (R, 2U, U)
// and candidate (R, U, U) to states (T, R, U, B).
void forward(const float *x, const float *kernel, const float *gates, const float *candidate,
             float *states, float *kept, ptrdiff_t T, ptrdiff_t R, ptrdiff_t F, ptrdiff_t U,
             ptrdiff_t B, ptrdiff_t step, ptrdiff_t judge, ptrdiff_t input) {
    const int blocks = (B + LANES - 1) / LANES;
    std::vector<float> in(F * LANES), a(3 * U * LANES), reset(U * LANES);
    for (int r = 0; r < R; r++)
        for (int b = 0; b < blocks; b++) {
            const int first = b * LANES, width = B - first < LANES ? B - first : LANES;
            Block block(kept, (ptrdiff_t)r * blocks + b, T, U);
            std::memset(block.state(0), 0, U * LANES * sizeof(float));
            for (int t = 0; t < T; t++) {
                float *h = block.state(t), *after = block.state(t + 1);
                float *g = block.gate(t), *c = block.candidate(t);
                take(in.data(), x + t * step + r * judge + first, F, input, width);
                std::memset(a.data(), 0, a.size() * sizeof(float));
                product(a.data(), 3 * U, kernel + (ptrdiff_t)r * 3 * U * F, F, 1, in.data(), F);
                product(a.data(), 2 * U, gates + (ptrdiff_t)r * 2 * U * U, U, 1, h, U);
                for (int i = 0; i < 2 * U; i++)
                    for (int p = 0; p < PARTS; p++) row(g, i)[p] = sigmoid(row(a.data(), i)[p]);
                for (int i = 0; i < U; i++)
                    for (int p = 0; p < PARTS; p++)
                        row(reset.data(), i)[p] = row(g, i)[p] * row(h, i)[p];
                float *ac = a.data() + 2 * U * LANES;
                product(ac, U, candidate + (ptrdiff_t)r * U * U, U, 1, reset.data(), U);
                for (int i = 0; i < U; i++)
                    for (int p = 0; p < PARTS; p++) {
                        Vector now = tanh_(row(ac, i)[p]), u = row(g, U + i)[p];
                        row(c, i)[p] = now;
                        row(after, i)[p] = now + u * (row(h, i)[p] - now);
                    }
                give(states + ((ptrdiff_t)t * R + r) * U * B + first, after, U, B, width);
            }
        }
}

// Gradients of the weights from those of the states, (T, R, U, B).
void backward(const float *d_states, const float *x, const float *gates, const float *candidate,
              float *kept, float *d_kernel, float *d_gates, float *d_candidate, ptrdiff_t T,
              ptrdiff_t R, ptrdiff_t F, ptrdiff_t U, ptrdiff_t B, ptrdiff_t step,
              ptrdiff_t judge, ptrdiff_t input) {
    const int blocks = (B + LANES - 1) / LANES;
    std::vector<float> in(F * LANES), da(3 * U * LANES), dh(U * LANES), d(U * LANES);
    std::vector<float> reset(U * LANES), back(U * LANES);
    for (int r = 0; r < R; r++) {
        std::vector<float> sum_kernel(3 * U * F * WIDTH), sum_gates(2 * U * U * WIDTH);
        std::vector<float> sum_candidate(U * U * WIDTH);
        const float *G = gates + (ptrdiff_t)r * 2 * U * U, *W = candidate + (ptrdiff_t)r * U * U;
        for (int b = 0; b < blocks; b++) {
            const int first = b * LANES, width = B - first < LANES ? B - first : LANES;
            Block block(kept, (ptrdiff_t)r * blocks + b, T, U);
            std::memset(dh.data(), 0, dh.size() * sizeof(float));
            for (int t = T - 1; t >= 0; t--) {
                float *h = block.state(t), *g = block.gate(t), *c = block.candidate(t);
                float *da_c = da.data() + 2 * U * LANES;
                take(d.data(), d_states + ((ptrdiff_t)t * R + r) * U * B + first, U, B, width);
                for (int i = 0; i < U; i++)
                    for (int p = 0; p < PARTS; p++) {
                        Vector grad = row(dh.data(), i)[p] + row(d.data(), i)[p];
                        Vector u = row(g, U + i)[p], now = row(c, i)[p], before = row(h, i)[p];
                        row(da_c, i)[p] = grad * (1.f - u) * (1.f - now * now);
                        row(da.data(), U + i)[p] = grad * (before - now) * u * (1.f - u);
                        row(dh.data(), i)[p] = grad * u;
                        row(reset.data(), i)[p] = row(g, i)[p] * before;
                    }
                std::memset(back.data(), 0, back.size() * sizeof(float));
                product(back.data(), U, W, 1, U, da_c, U);  // the transposed product
                for (int i = 0; i < U; i++)
                    for (int p = 0; p < PARTS; p++) {
                        Vector rt = row(g, i)[p], d_reset = row(back.data(), i)[p];
                        row(da.data(), i)[p] = d_reset * row(h, i)[p] * rt * (1.f - rt);
                        row(dh.data(), i)[p] += d_reset * rt;
                    }
                product(dh.data(), U, G, 1, U, da.data(), 2 * U);
                take(in.data(), x + t * step + r * judge + first, F, input, width);
                outer(sum_kernel.data(), da.data(), 3 * U, in.data(), F);
                outer(sum_gates.data(), da.data(), 2 * U, h, U);
                outer(sum_candidate.data(), da_c, U, reset.data(), U);
            }
        }
        add_up(d_kernel + (ptrdiff_t)r * 3 * U * F, sum_kernel, 3 * U * F);
        add_up(d_gates + (ptrdiff_t)r * 2 * U * U, sum_gates, 2 * U * U);
        add_up(d_candidate + (ptrdiff_t)r * U * U, sum_candidate, U * U);
    }
}

// Adam's step number `update` on `count` weights; the two moments of all lie behind each other.
static void adam(float *weight, const float *slope, float *moments, ptrdiff_t count, float lr,
                 ptrdiff_t update) {
    const float rate = lr / (1.f - std::pow(.9f, (float)update));
    const float root = std::sqrt(1.f - std::pow(.999f, (float)update));
    float *first = moments, *second = moments + count;
    for (ptrdiff_t i = 0; i < count; i++) {
        first[i] += .1f * (slope[i] - first[i]);
        second[i] = .999f * second[i] + .001f * slope[i] * slope[i];
        weight[i] -= rate * first[i] / (std::sqrt(second[i]) / root + 1e-8f);
    }
}

// Train classifiers on windows of pool (T, F, N) that each has chosen in each of L updates,
// (L, R, B): real ones in the first half, synthetic ones in the second. The logit is head (R, U)
// times the last state plus bias (R), the loss the sum of both mean cross-entropies. `moments` are
// Adam's, twice the weights of a classifier after another, and `done` the updates before.
void fit(const float *pool, const int64_t *chosen, float *kernel, float *gates, float *candidate,
         float *head, float *bias, float *moments, const float *lr, ptrdiff_t T, ptrdiff_t F,
         ptrdiff_t N, ptrdiff_t R, ptrdiff_t U, ptrdiff_t B, ptrdiff_t L, ptrdiff_t done) {
    const ptrdiff_t sizes[] = {3 * U * F, 2 * U * U, U * U, U, 1};
    const ptrdiff_t count = sizes[0] + sizes[1] + sizes[2] + sizes[3] + sizes[4];
    const ptrdiff_t blocks = (B + LANES - 1) / LANES;
    std::vector<float> x(T * F * B), states(T * U * B), d_states(T * U * B), slopes(count);
    std::vector<float> kept(blocks * LANES * (4 * T + 1) * U), logit(B);
    float *last = states.data() + (T - 1) * U * B, *d_last = d_states.data() + (T - 1) * U * B;
    float *d_kernel = slopes.data(), *d_gates = d_kernel + sizes[0];
    float *d_candidate = d_gates + sizes[1], *d_head = d_candidate + sizes[2];
    for (ptrdiff_t r = 0; r < R; r++) {
        float *weights[] = {kernel + r * sizes[0], gates + r * sizes[1], candidate + r * sizes[2],
                            head + r * U, bias + r};
        for (ptrdiff_t l = 0; l < L; l++) {
            choose(pool, chosen + (l * R + r) * B, x.data(), T, F, N, 1, B);
            forward(x.data(), weights[0], weights[1], weights[2], states.data(), kept.data(), T, 1,
                    F, U, B, F * B, F * B, B);
            std::fill(logit.begin(), logit.end(), *weights[4]);
            for (ptrdiff_t i = 0; i < U; i++)
                for (ptrdiff_t b = 0; b < B; b++) logit[b] += weights[3][i] * last[i * B + b];
            float total = 0;
            for (ptrdiff_t b = 0; b < B; b++) {  // the slope of softplus, in place of the logit
                const float sign = 2 * b < B ? -1.f : 1.f;
                logit[b] = sign * 2.f / (B * (1.f + std::exp(-sign * logit[b])));
                total += logit[b];
            }
            for (ptrdiff_t i = 0; i < U; i++) {
                float sum = 0;
                for (ptrdiff_t b = 0; b < B; b++) {
                    sum += logit[b] * last[i * B + b];
                    d_last[i * B + b] = logit[b] * weights[3][i];
                }
                d_head[i] = sum;
            }
            d_head[U] = total;
            backward(d_states.data(), x.data(), weights[1], weights[2], kept.data(), d_kernel,
                     d_gates, d_candidate, T, 1, F, U, B, F * B, F * B, B);
            ptrdiff_t at = 0;
            for (int part = 0; part < 5; at += sizes[part++])
                adam(weights[part], slopes.data() + at, moments + 2 * (r * count + at),
                     sizes[part], *lr, done + l + 1);
        }
    }
}

}  // extern "C"
#pragma GCC visibility pop
