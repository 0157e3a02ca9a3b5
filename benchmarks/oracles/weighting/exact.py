"""Exact weights of every Gramian method: active sets in rational numbers, the rest in 60 digits.

A function takes a Gram (the Gramian of a Jacobian as rational numbers) and returns the tasks' weights as mpmath numbers, so that
nothing depends on a solver's tolerance. It shares no code with the peers. Where a method needs a numerical rank, eps is the
relative size below which an eigenvalue counts as zero for one task (the peers' rule: largest eigenvalue * tasks * eps).
"""

from functools import cached_property

import mpmath as mp
from flint import arb, arb_mat, ctx, fmpq, fmpq_mat

mp.mp.dps = 60
ctx.prec = 320
EPS64, EPS32 = 2.0**-52, 2.0**-23  # of float64 and float32


def rational(v):
    return fmpq(*float(v).as_integer_ratio())


def real(v):
    return mp.mpf(int(v.p)) / int(v.q) if isinstance(v, fmpq) else mp.mpf(v)


def column(values):
    return fmpq_mat([[v if isinstance(v, fmpq) else rational(v)] for v in values])


def entries(m):
    return [v for row in m.tolist() for v in row]


def dot(a, b):
    return sum((x * y for x, y in zip(a, b)), fmpq(0))


class Gram:
    """J and G = J Jᵀ."""

    def __init__(self, jacobian):
        self.rows = [[rational(v) for v in row] for row in jacobian]
        self.tasks = len(self.rows)
        j = fmpq_mat(self.rows)
        self.matrix = j * j.transpose()
        self.g = self.matrix.tolist()
        self.trace = sum((self.g[t][t] for t in range(self.tasks)), fmpq(0))

    @cached_property
    def norms(self):
        return [mp.sqrt(real(self.g[t][t])) for t in range(self.tasks)]

    @cached_property
    def stationary(self):
        """Whether a convex combination of the rows is exactly zero."""
        w = simplex(self.matrix)
        return dot(w, entries(self.matrix * column(w))) == 0

    def direction(self, weights):
        """Jᵀw."""
        return [mp.fsum(w * real(row[k]) for w, row in zip(weights, self.rows)) for k in range(len(self.rows[0]))]


def sub(m, rows, columns):
    m = m.tolist()
    return fmpq_mat([[m[i][j] for j in columns] for i in rows])


def nonnegative(m, q):
    """argmin ½yᵀMy + qᵀy over y >= 0 (Lawson and Hanson 1974), M semidefinite; None where it is unbounded."""
    n = m.nrows()
    y, support = [fmpq(0)] * n, []
    scale = [mp.sqrt(real(m[i, i])) or 1 for i in range(n)]
    while True:
        gradient = entries(m * column(y) + column(q))
        falling = [i for i in range(n) if i not in support and gradient[i] < 0]
        if not falling:
            return y
        support.append(min(falling, key=lambda i: real(gradient[i]) / scale[i]))
        while support:
            inner = sub(m, support, support)
            if inner.det() == 0:  # the new column depends on the others: along this direction the objective falls without end
                others = support[:-1]
                step = [-v for v in entries(sub(m, others, others).solve(sub(m, others, support[-1:])))] + [fmpq(1)] if others else [fmpq(1)]
                if all(v >= 0 for v in step):
                    return None
                length = None
            else:
                step = [v - y[i] for i, v in zip(support, entries(inner.solve(column([-q[i] for i in support]))))]
                length = fmpq(1)
            blocks = [(-y[i] / v, i) for i, v in zip(support, step) if v < 0]
            if blocks and (length is None or min(blocks)[0] < length):
                length = min(blocks)[0]
            blocked = {i for at, i in blocks if at == length}
            for i, v in zip(support, step):
                y[i] = fmpq(0) if i in blocked else y[i] + length * v
            support = [i for i in support if i not in blocked]
            if not blocked:
                break


def ones(n, value=1):
    return fmpq_mat([[fmpq(value)] * n for _ in range(n)])


def simplex(m):
    """argmin wᵀMw, w >= 0, Σw = 1: with y = w·s, the minimum of yᵀMy + trace·(Σy - 1)²."""
    n = m.nrows()
    weight = sum((m[i, i] for i in range(n)), fmpq(0)) or fmpq(1)
    y = nonnegative(m + ones(n) * weight, [-weight] * n)
    total = sum(y, fmpq(0))
    return [v / total for v in y]


def rescaled(gram, divisors):
    """Gramian of the rows divided by numbers (rounded to float64, as rational numbers)."""
    d = [rational(v) for v in divisors]
    return fmpq_mat([[gram.g[i][j] / (d[i] * d[j]) for j in range(gram.tasks)] for i in range(gram.tasks)])


def mgda(gram, divisors=None):
    """Désidéri 2012: the weights of the shortest convex combination; of the rows over divisors where given."""
    return [real(v) for v in simplex(gram.matrix if divisors is None else rescaled(gram, divisors))]


def mgda_minimum(gram, least):
    """The same with w_t >= least_t: over w = least + (1 - Σ least) z, z in the simplex."""
    low = [rational(v) for v in least]
    rest = fmpq(1) - sum(low, fmpq(0))
    shift = entries(gram.matrix * column(low))
    constant = dot(low, shift)
    n = gram.tasks
    m = fmpq_mat([[rest * rest * gram.g[i][j] + rest * (shift[i] + shift[j]) + constant for j in range(n)] for i in range(n)])
    return [real(a + rest * z) for a, z in zip(low, simplex(m))]


def dual_cone(m, u):
    """argmin vᵀMv, v >= u."""
    y = nonnegative(m, entries(m * column(u)))
    return [a + b for a, b in zip(u, y)]


def regular(gram, ridge):
    scale = gram.trace or fmpq(1)
    return gram.matrix / scale + fmpq_mat([[rational(ridge) if i == j else fmpq(0) for j in range(gram.tasks)] for i in range(gram.tasks)])


def uniform(gram):
    return [fmpq(1, gram.tasks)] * gram.tasks


def dual_proj(gram, ridge, preference=None):
    """Lopez-Paz and Ranzato 2017 (GEM), eq. 8 to 11: the preference's combination projected on the dual cone; G/tr(G) + ridge·I."""
    u = uniform(gram) if preference is None else [rational(v) for v in preference]
    return [real(v) for v in dual_cone(regular(gram, ridge), u)]


def upgrad(gram, ridge, preference=None):
    """Quinton and Rey 2024, eq. 4 and proposition 1: the sum of the projections of each preference-weighted row."""
    u = uniform(gram) if preference is None else [rational(v) for v in preference]
    m, total = regular(gram, ridge), [fmpq(0)] * gram.tasks
    for t in range(gram.tasks):
        v = dual_cone(m, [a if i == t else fmpq(0) for i, a in enumerate(u)])
        total = [a + b for a, b in zip(total, v)]
    return [real(v) for v in total]


def cagrad(gram, c, preference=None):
    """Liu et al. 2021, eq. 2 to 4: weights p + (c‖g₀‖/‖g_w‖) w, and ‖g_w‖/√tr G; all zero where the best g_w is zero.

    A bisection on t = ‖g_w‖/(c‖g₀‖) finds the support (at t the problem is the shortest convex combination of g_i + t g₀); there the optimum
    has a closed form, accepted only if it satisfies the optimality conditions.
    """
    n, p = gram.tasks, uniform(gram) if preference is None else [rational(v) for v in preference]
    b = entries(gram.matrix * column(p))
    average = dot(p, b)
    zero = [mp.mpf(0)] * n, mp.mpf(0)
    if average == 0 or c == 0:
        return ([real(v) for v in p], mp.mpf(0)) if average and c == 0 else zero
    kappa = mp.mpf(c) * mp.sqrt(real(average))
    if gram.stationary and c >= 1:
        return zero
    low, high = fmpq(1, 2**60 if gram.stationary else 2**200), fmpq(2**60)
    for _ in range(100):
        t = rational(mp.sqrt(real(low) * real(high)))
        shifted = fmpq_mat([[gram.g[i][j] + t * (b[i] + b[j]) + t * t * average for j in range(n)] for i in range(n)])
        w = simplex(shifted)
        found = on_support(gram, [i for i in range(n) if w[i] > 0], b, kappa)
        if found:
            w, length = found
            return [real(a) + kappa / length * v for a, v in zip(p, w)], length / mp.sqrt(real(gram.trace))
        if mp.sqrt(real(dot(w, entries(gram.matrix * column(w))))) > kappa * real(t):
            low = t
        else:
            high = t
    assert gram.stationary, "no support of CAGrad's weights was accepted"
    return zero


def on_support(gram, support, b, kappa):
    """The minimum of b·w + κ‖Jᵀw‖ over Σw = 1 on a support, if it is the minimum over the simplex: weights and ‖Jᵀw‖."""
    g = sub(gram.matrix, support, support)
    if g.det() == 0:
        return None
    x, z = entries(g.solve(column([1] * len(support)))), entries(g.solve(column([b[i] for i in support])))
    a, e, f = real(sum(x, fmpq(0))), real(sum(z, fmpq(0))), real(dot([b[i] for i in support], z))
    inside = e * e - a * (f - kappa**2)
    if inside < 0:
        return None
    mu = (e + mp.sqrt(inside)) / a
    raw = [mu * real(u) - real(v) for u, v in zip(x, z)]
    total = mp.fsum(raw)
    if total <= 0 or min(raw) < 0:
        return None
    w = [mp.mpf(0)] * gram.tasks
    for i, v in zip(support, raw):
        w[i] = v / total
    gw = [mp.fsum(real(gram.g[i][j]) * w[j] for j in support) for i in range(gram.tasks)]
    length = mp.sqrt(mp.fsum(w[i] * gw[i] for i in support))
    slack = [real(b[i]) + kappa * gw[i] / length - mu for i in range(gram.tasks)]
    sizes = [abs(real(b[i])) + kappa * gram.norms[i] + mp.mpf(10) ** -80 for i in range(gram.tasks)]
    return (w, length) if all(s >= -mp.mpf(10) ** -35 * size for s, size in zip(slack, sizes)) else None


def fair(gram, alpha, ridge=0):
    """Ban and Ji 2024, eq. 5 (FairGrad): G w = w^(-1/alpha), by Newton's method; alpha = 1 is Navon et al. 2022 (Nash-MTL), eq. 2.

    ridge adds ridge·tr(G)·I. None where there is no solution: a stationary G and no ridge.
    """
    n = gram.tasks
    if gram.trace == 0 or (ridge == 0 and gram.stationary):
        return None
    g = [[arb(v.p) / arb(v.q) for v in row] for row in gram.g]
    trace = sum((g[i][i] for i in range(n)), arb(0))
    for i in range(n):
        g[i][i] += arb(ridge) * trace
    g = arb_mat([[v.mid() for v in row] for row in g])
    power = -1 / arb(alpha)
    w = [(g[i, i] if g[i, i] > 0 else trace / n) ** (-1 / (1 + 1 / arb(alpha))) for i in range(n)]  # each task alone
    for _ in range(2000):
        w = [v.mid() for v in w]
        phi = [v**power for v in w]
        residual = [a[0] - b for a, b in zip((g * arb_mat([[v] for v in w])).tolist(), phi)]
        hessian = arb_mat([[g[i, j] - (power * phi[i] / w[i] if i == j else 0) for j in range(n)] for i in range(n)])
        hessian = arb_mat([[v.mid() for v in row] for row in hessian.tolist()])
        step = [v[0].mid() for v in hessian.solve(arb_mat([[-r.mid()] for r in residual])).tolist()]
        largest = max(abs(float(s / v)) for s, v in zip(step, w))
        length = min([1.0] + [0.95 * float(-v / s) for s, v in zip(step, w) if s < 0])
        w = [v + arb(length) * s for v, s in zip(w, step)]
        if largest < 1e-40:
            return [mp.mpf(v.mid().str(70, radius=False)) for v in w]
    raise ArithmeticError("FairGrad's Newton steps did not converge")


def eigen(matrix, eps):
    """Eigenvalues above the numerical rank's threshold, largest first, with their vectors."""
    values, vectors = mp.eigsy(matrix)
    n = matrix.rows
    kept = [i for i in reversed(range(n)) if values[i] > max(values) * n * eps]
    return [values[i] for i in kept], [[vectors[k, i] for k in range(n)] for i in kept]


def as_real(gram):
    scale = real(gram.trace) or 1
    return mp.matrix([[real(v) / scale for v in row] for row in gram.g]), scale


def aligned(gram, mode, preference=None, eps=EPS64):
    """Senushkin et al. 2023, algorithm 1: w = √σ² V Λ^(-1/2) Vᵀ p with σ² the smallest ("min"), lower median or mean ("rmse") eigenvalue."""
    p = [mp.mpf(1) / gram.tasks] * gram.tasks if preference is None else [mp.mpf(v) for v in preference]
    if gram.trace == 0:
        return p
    values, vectors = eigen(as_real(gram)[0], eps)
    scale = {"min": values[-1], "median": values[len(values) // 2], "rmse": mp.fsum(values) / len(values)}[mode]
    w = [mp.mpf(0)] * gram.tasks
    for value, v in zip(values, vectors):
        factor = mp.sqrt(scale / value) * mp.fdot(v, p)
        w = [a + factor * b for a, b in zip(w, v)]
    return w


def pinv_times(matrix, b, eps):
    w = [mp.mpf(0)] * matrix.rows
    if mp.norm(matrix) == 0:
        return w
    for value, v in zip(*eigen(matrix, eps)):
        factor = mp.fdot(v, b) / value
        w = [a + factor * k for a, k in zip(w, v)]
    return w


def imtl_g(gram, eps=EPS64):
    """Liu et al. 2021 (IMTL), eq. 3 to 5, as w ∝ G⁺ (‖g_1‖, ..., ‖g_T‖), Σw = 1; zero where that sum vanishes."""
    matrix, scale = as_real(gram)
    v = pinv_times(matrix, [n / mp.sqrt(scale) for n in gram.norms], eps)
    total = mp.fsum(v)
    # a normalised G has eigenvalues below 1: what is left of a v that small is rounding
    return [a / total for a in v] if abs(total) > max(1e-12 * mp.fsum(map(abs, v)), mp.mpf(10) ** -40) else [mp.mpf(0)] * gram.tasks


def config(gram, preference=None, eps=EPS64):
    """Liu et al. 2024 (ConFIG), eq. 2 and 3: u = U⁺p with unit rows U, û = u/‖u‖, g = (Σ_t g_t·û) û; a zero row stays zero."""
    n = gram.tasks
    p = [mp.mpf(1)] * n if preference is None else [mp.mpf(v) for v in preference]
    inverse = [1 / v if v else mp.mpf(0) for v in gram.norms]
    unit = mp.matrix([[real(gram.g[i][j]) * inverse[i] * inverse[j] for j in range(n)] for i in range(n)])
    v = [a * b for a, b in zip(pinv_times(unit, p, eps), inverse)]  # u = Jᵀv
    gv = [mp.fsum(real(gram.g[i][j]) * v[j] for j in range(n)) for i in range(n)]
    square = mp.fdot(v, gv)
    return [a * mp.fsum(gv) / square for a in v] if square > mp.mpf(10) ** -80 * mp.fdot(p, p) else [mp.mpf(0)] * n


def pcgrad(gram, orders):
    """Yu et al. 2020, algorithm 1, without an epsilon: orders[i] lists the tasks in the order in which row i meets them."""
    total = [fmpq(0)] * gram.tasks
    for i, order in enumerate(orders):
        w = [fmpq(int(k == i)) for k in range(gram.tasks)]
        for j in order:
            product = dot(gram.g[j], w)
            if j != i and product < 0:
                w[j] -= product / gram.g[j][j]
        total = [a + b for a, b in zip(total, w)]
    return [real(v) for v in total]


def gradvac(gram, orders, targets, beta=0.5, eps=0.0):
    """Wang et al. 2021, algorithm 1: targets is the T×T moving average of the cosines, updated in place, also where it does not act."""
    n = gram.tasks
    g = [[real(v) for v in row] for row in gram.g]
    total = [mp.mpf(0)] * n
    for i, order in enumerate(orders):
        w = [mp.mpf(k == i) for k in range(n)]
        for j in order:
            if j == i:
                continue
            product = mp.fdot(w, [g[k][j] for k in range(n)])
            norm = mp.sqrt(max(0, mp.fsum(w[a] * w[b] * g[a][b] for a in range(n) for b in range(n))))
            other, target = gram.norms[j], targets[i][j]
            cosine = product / (norm * other + eps) if norm * other + eps else mp.mpf(0)
            if cosine < target:
                low, high = mp.sqrt(1 - target**2), mp.sqrt(max(0, 1 - cosine**2))
                w[j] += norm * (target * high - cosine * low) / (other * low + eps)
            targets[i][j] = (1 - beta) * target + beta * cosine
        total = [a + b for a, b in zip(total, w)]
    return total


def krum(gram, byzantine, selected):
    """Blanchard et al. 2017, section 4 (multi-Krum): weights, and by how much the next score is worse, relative to the largest (0: a tie)."""
    n = gram.tasks
    distance = [[mp.sqrt(real(gram.g[i][i] + gram.g[j][j] - 2 * gram.g[i][j])) for j in range(n)] for i in range(n)]
    scores = [mp.fsum(sorted(row)[1 : n - byzantine - 1]) for row in distance]
    order = sorted(range(n), key=lambda i: scores[i])
    margin = mp.mpf(1) if selected == n else (scores[order[selected]] - scores[order[selected - 1]]) / (max(scores) or 1)
    return [mp.mpf(i in order[:selected]) / selected for i in range(n)], margin


def pcd(gram, tau, scales):
    """PCD: of the rows times scales, the shortest d - g̃_1 with g̃_j·d >= tau_j ‖g̃_j‖², rescaled to the length of the first row; and whether
    there is such a d (where not: d = g̃_1)."""
    n, s = gram.tasks, [rational(v) for v in scales]
    g = [[gram.g[i][j] * s[i] * s[j] for j in range(n)] for i in range(n)]
    w = [fmpq(1)] + [fmpq(0)] * (n - 1)
    if g[0][0] == 0:
        return [mp.mpf(0)] * n, True
    y = nonnegative(fmpq_mat([row[1:] for row in g[1:]]), [g[0][j] - rational(t) * g[j][j] for j, t in enumerate(tau, 1)]) if n > 1 else []
    if y:
        w[1:] = y
    square = dot(w, entries(fmpq_mat(g) * column(w)))
    length = mp.sqrt(real(gram.g[0][0] / square)) if square else mp.mpf(0)
    return [real(v * a) * length for v, a in zip(w, s)], y is not None


def affinely_independent(gram, weights):
    """Whether MGDA's weights are unique: the rows on the face of the shortest point are affinely independent."""
    w = [rational(v) for v in weights]
    products = [real(v) for v in entries(gram.matrix * column(w))]
    square = mp.fdot(weights, products)
    face = [i for i in range(gram.tasks) if products[i] - square <= 1e-12 * gram.norms[i] * max(gram.norms)]
    bordered = [[*gram.rows[i], fmpq(1)] for i in face]
    return fmpq_mat(bordered).rank() == len(face)
