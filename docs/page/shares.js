// Estimate class shares from the probabilities of names, and compare two lists:
// `estimate_mix` of sknames/_shares/mix.py, and `Shares.compare` of shares.py.

const TOLERANCE = 1e-7; // change of a share per step
const MAX_STEPS = 200;
const MAX_NEWTON_STEPS = 50;
const PSEUDO_NAMES = 3;
const N_RESAMPLES = 400;
const MAX_PRODUCTS = 1e7; // per step; limits the sweeps if there are many classes
const LEVEL = 0.95;
const FEW_TO_TEST = 30; // names of equal weight; with fewer, differences are not tested
const Z = 1.959964; // normal quantile of that level

// `rows` are the probabilities of distinct names, and `counts` how often each name occurs. The sum of
// the counts is scaled to the number of distinct names, because a name that occurs twenty times is no
// more evidence of the model's errors than a single one. The model gives the assumed priors,
// `class_prior`, and the power of the likelihood ratios, `sharpness`.
export function estimateShares(rows, counts, model) {
  return shareOf(...evidence(rows, counts, model), model.class_prior);
}

// Likelihood ratios and weights.
function evidence(rows, counts, { class_prior: assumed, sharpness }) {
  const scale = rows.length / total(counts);
  const ratios = rows.map((row) => {
    const ratio = Float64Array.from(row, (p, k) => (assumed[k] > 0 ? p / assumed[k] : 0));
    const largest = Math.max(...ratio);
    return ratio.map((x) => (x / largest) ** sharpness);
  });
  return [ratios, counts.map((count) => count * scale)];
}

function shareOf(ratios, weights, assumed) {
  const n = ratios.length;
  const [start, nPseudo] = answersSoFar(ratios, weights, assumed);
  const step = (sums) =>
    leaveOneOut(ratios, weights, sums.map((sum, k) => sum + nPseudo * assumed[k]));

  // Extrapolated steps (SQUAREM), or two plain steps where extrapolation diverges.
  let [sums, one, safe, change] = [start, start, null, Infinity];
  for (let steps = 1; steps <= MAX_STEPS; steps++) {
    const last = change;
    one = step(sums);
    const first = one.map((sum, k) => sum - sums[k]);
    change = Math.max(...first.map(Math.abs)) / n;
    if (change <= TOLERANCE) break;
    if (safe && change > last) {
      [sums, safe] = [safe, null];
      continue;
    }
    const two = step(one);
    const bend = two.map((sum, k) => sum - one[k] - first[k]);
    const length = Math.max(1, Math.sqrt(dot(first, first) / (dot(bend, bend) || 1)));
    sums = sums.map((sum, k) => Math.max(0, sum + 2 * length * first[k] + length ** 2 * bend[k]));
    const sum = total(sums);
    sums = sums.map((x) => (x * n) / sum);
    safe = two;
  }
  return one.map((sum) => sum / n);
}

// The shares of a list with 95 % intervals, and the resamples for comparisons, as in
// `estimate_shares`: percentiles of a bootstrap over the names, in which the log odds of each class
// have the errors that the model makes on held-out people. Classes with `is_sparse` have no interval
// (null). The same list gives the same figures.
export function sharesWithIntervals(rows, counts, model) {
  const { class_prior: assumed, model_error: deviations, is_sparse: isSparse } = model;
  const [ratios, weights] = evidence(rows, counts, model);
  const share = shareOf(ratios, weights, assumed);
  const resamples = resample(ratios, weights, share, deviations);
  const n = ratios.length;
  const variance = dot(weights, weights) / n ** 2; // of a count, as part of share * (1 - share)
  const floor = 1 - 0.025 ** variance;
  const bare = percentiles(resamples, share);
  const ends = bare.map(([low, high]) => [Math.min(low, 1 - floor), Math.max(high, floor)]);
  const shown = ends.map((pair, k) => (isSparse[k] ? null : pair));
  return { share, ends: shown, bare, resamples, floor, variance };
}

// The differences between the shares of two lists: [difference, low, high, isSure] of each class, low
// and high null for sparse classes. Lists of fewer than 30 names are not tested. `isSure` holds for
// all classes together. Lists from the same source share the errors of the model.
export function compareShares(one, other, isSameSource) {
  const resamples = one.resamples.map((resample, b) => {
    // For other sources, resamples are paired in reverse, so that comparisons are antisymmetric.
    const theirs = other.resamples.at(isSameSource ? b : -1 - b);
    return resample.map((share, k) => share - theirs[k]);
  });
  const difference = one.share.map((share, k) => share - other.share[k]);
  const bare = percentiles(resamples, difference);
  const least = Math.hypot(one.floor, other.floor) / Z;
  // The deviation if both lists had the same shares, as in a test of pooled counts.
  const variances = one.variance + other.variance;
  const ifEqual = one.share.map((share, k) => {
    const pooled = (share * other.variance + other.share[k] * one.variance) / variances;
    return Math.sqrt(Math.max(0, pooled * (1 - pooled)) * variances);
  });
  const added = ({ share, ends, bare }, k, side) =>
    (ends[k][side] - share[k]) ** 2 - (bare[k][side] - share[k]) ** 2;
  const reaches = Array.from(difference, (d, k) => {
    if (!one.ends[k]) return null;
    const down = Math.sqrt((d - bare[k][0]) ** 2 + added(one, k, 0) + added(other, k, 1));
    const up = Math.sqrt((bare[k][1] - d) ** 2 + added(one, k, 1) + added(other, k, 0));
    return [down, up];
  });
  const deviation = Array.from(difference, (d, k) => {
    const mean = total(resamples.map((row) => row[k])) / N_RESAMPLES;
    const variance = total(resamples.map((row) => (row[k] - mean) ** 2)) / N_RESAMPLES;
    // At least the reach towards 0, so that the interval of a sure difference excludes 0.
    const towards0 = reaches[k] ? reaches[k][d > 0 ? 0 : 1] / Z : 0;
    return Math.max(Math.sqrt(variance), least, ifEqual[k], towards0);
  });
  const largest = resamples.map((row) =>
    Math.max(...row.map((x, k) => Math.abs(x - difference[k]) / deviation[k])),
  );
  const limit = Math.max(quantile(largest, LEVEL), Z);
  // Resamples of few names hardly vary.
  const isTested = [one, other].every(({ variance }) => 1 / variance > FEW_TO_TEST - 1e-9);
  return Array.from(difference, (d, k) => {
    if (!reaches[k]) return [d, null, null, false];
    const [down, up] = reaches[k];
    return [d, d - down, d + up, isTested && Math.abs(d) > limit * deviation[k]];
  });
}

// The minimal standard generator of Park and Miller.
function randomFrom(seed) {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

// The shares of the resamples, each one Newton step away from the estimated shares. The model's errors
// are the same for all lists; the resampled names depend on the list.
function resample(ratios, weights, share, deviations) {
  const n = ratios.length;
  const scores = ratios.map((ratio) => {
    const mix = dot(ratio, share);
    return ratio.map((r) => r / mix);
  });
  const gradient = new Float64Array(share.length);
  const curvature = Array.from(share, () => new Float64Array(share.length));
  scores.forEach((score, i) => {
    for (let k = 0; k < share.length; k++) {
      gradient[k] += weights[i] * score[k];
      for (let l = 0; l <= k; l++) curvature[k][l] += weights[i] * score[k] * score[l];
    }
  });
  curvature.forEach((row, k) => row.forEach((_, l) => (row[l] = curvature[Math.max(k, l)][Math.min(k, l)])));
  const own = gradient.map((g, k) => (n * share[k] < 1 ? Math.max(g - n, 0) : g - n));
  const randomError = randomFrom(1);
  const hash = share.reduce((sum, s) => (sum * 31 + Math.round(1e6 * s)) % 2147483646, n);
  const randomPick = randomFrom(1 + hash);
  const normal = () =>
    Math.sqrt(-2 * Math.log(1 - randomError())) * Math.cos(2 * Math.PI * randomError());
  return Array.from({ length: N_RESAMPLES }, () => {
    const errors = Float64Array.from(share, (_, k) => deviations[k] * normal());
    const moved = errors.map((e, k) => e * share[k]);
    const slope = gradient.map((g, k) => errors[k] * g - dot(moved, curvature[k]) - own[k]);
    for (let i = 0; i < n; i++) {
      const pick = Math.floor(randomPick() * n);
      const [score, weight] = [scores[pick], weights[pick]];
      for (let k = 0; k < slope.length; k++) slope[k] += weight * (score[k] - 1);
    }
    return newtonStep(share, curvature, slope);
  });
}

// The maximum of a quadratic function over nonnegative shares, by coordinate-wise Newton steps.
function newtonStep(share, curvature, slope) {
  const found = Float64Array.from(share);
  const rest = Float64Array.from(slope); // the slope at the current shares
  const maxSweeps = MAX_PRODUCTS / found.length ** 2;
  for (let sweep = 0; sweep < maxSweeps; sweep++) {
    let largest = 0;
    for (let k = 0; k < found.length; k++) {
      const move = Math.max(-found[k], rest[k] / curvature[k][k]);
      if (!(Math.abs(move) > 1e-9)) continue;
      found[k] += move;
      for (let l = 0; l < rest.length; l++) rest[l] -= move * curvature[k][l];
      largest = Math.max(largest, Math.abs(move));
    }
    if (largest < 1e-7) break;
  }
  const sum = total(found);
  return found.map((x) => x / sum);
}

// The ends of intervals, which include the estimates, by class.
function percentiles(resamples, estimates) {
  return Array.from(estimates, (estimate, k) => {
    const values = resamples.map((resample) => resample[k]);
    const [low, high] = [(1 - LEVEL) / 2, (1 + LEVEL) / 2].map((q) => quantile(values, q));
    return [Math.min(low, estimate), Math.max(high, estimate)];
  });
}

function quantile(values, q) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.round(q * (sorted.length - 1))];
}

// The summed posteriors under the assumed priors, and the number of pseudo-names that they are worth:
// 3 if two names share a class far more often than under the priors, otherwise more.
function answersSoFar(ratios, weights, assumed) {
  const n = ratios.length;
  const sums = new Float64Array(assumed.length);
  const squares = new Float64Array(assumed.length);
  ratios.forEach((ratio, i) => {
    const factor = weights[i] / dot(ratio, assumed);
    for (let k = 0; k < sums.length; k++) {
      const answer = ratio[k] * assumed[k] * factor;
      sums[k] += answer;
      squares[k] += answer ** 2;
    }
  });
  const pairs = n ** 2 - dot(weights, weights);
  let likelier = 0;
  for (let k = 0; k < sums.length; k++) {
    if (assumed[k] > 0) likelier += (sums[k] ** 2 - squares[k]) / assumed[k];
  }
  likelier = pairs > 1e-9 * n ** 2 ? likelier / pairs : 1; // a single name has no mixture
  return [sums, PSEUDO_NAMES / Math.max(1 - 1 / Math.max(likelier, 1), 1e-9)];
}

// The summed posteriors of names, each under the mixture without the name itself. With the ratios r of
// a name and its weight w, its posterior is r * mix / (z + w * r), where z makes it sum to 1.
function leaveOneOut(ratios, weights, mix) {
  const sums = new Float64Array(mix.length);
  const answer = new Float64Array(mix.length);
  ratios.forEach((ratio, i) => {
    const w = weights[i];
    const ofAll = dot(ratio, mix);
    let z = Math.max(ofAll - w, 1e-3 * ofAll);
    for (let steps = 0; steps < MAX_NEWTON_STEPS; steps++) {
      let [value, slope] = [-1, 0];
      for (let k = 0; k < mix.length; k++) {
        const share = ratio[k] / (z + w * ratio[k]);
        value += share * mix[k];
        slope += (share / (z + w * ratio[k])) * mix[k];
      }
      const move = value / slope;
      z = Math.max(z + move, 1e-3 * z);
      if (Math.abs(move) <= 1e-10 * z) break;
    }
    for (let k = 0; k < mix.length; k++) answer[k] = (ratio[k] * mix[k]) / (z + w * ratio[k]);
    const factor = w / total(answer);
    for (let k = 0; k < mix.length; k++) sums[k] += answer[k] * factor;
  });
  return sums;
}

function total(values) {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function dot(a, b) {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}
