// Probabilities of names -> the shares of the classes among them: `estimate_mix` of
// sknames/_priors/priors.py.

const TOLERANCE = 1e-7; // of a share, in a step
const MAX_STEPS = 200;
const MAX_NEWTON_STEPS = 50;
const PSEUDO_NAMES = 3;
const N_RESAMPLES = 200;

// `rows` are probabilities of distinct names, each under the priors `assumed`, and `counts` say
// how often each name occurs. Their sum is scaled to the number of distinct names: a name that
// comes twenty times is no more evidence of the model's errors than one.
export function estimateShares(rows, counts, assumed) {
  const n = rows.length;
  const scale = n / total(counts);
  const weights = counts.map((count) => count * scale);
  const ratios = rows.map((row) => {
    const ratio = Float64Array.from(row, (p, k) => (assumed[k] > 0 ? p / assumed[k] : 0));
    const largest = Math.max(...ratio);
    return ratio.map((x) => x / largest);
  });
  const [start, nPseudo] = answersSoFar(ratios, weights, assumed);
  const step = (sums) =>
    leaveOneOut(ratios, weights, sums.map((sum, k) => sum + nPseudo * assumed[k]));

  // Extrapolated steps (SQUAREM), and two plain ones where these lead away.
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

// 95 % intervals of the shares of few names, [low, high] by class: percentiles of a bootstrap over
// the names, in which the log odds of each class err as those of the model do on other people, with
// the standard deviation `error`. No interval is narrower than that of a share of 0 (Clopper and
// Pearson 1934). It is what `estimate_shares` does, without its shortcut for many names.
export function intervals(rows, counts, assumed, shares, error, random = Math.random) {
  const n = rows.length;
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const resamples = Array.from({ length: N_RESAMPLES }, () => {
    const drawn = rows.map(() => Math.floor(random() * n));
    const prior = assumed.map((p) => p * Math.exp(error * normal()));
    const sum = total(prior);
    return estimateShares(
      drawn.map((i) => rows[i]),
      drawn.map((i) => counts[i]),
      prior.map((p) => p / sum),
    );
  });
  const none = 0.025 ** (1 / n);
  return Array.from(shares, (share, k) => {
    const sorted = resamples.map((resample) => resample[k]).sort((a, b) => a - b);
    const [low, high] = [0.025, 0.975].map((q) => sorted[Math.round(q * (N_RESAMPLES - 1))]);
    return [Math.min(low, none, share), Math.max(high, 1 - none, share)];
  });
}

// The sum of the answers under the assumed priors, and how many pseudo-names these are worth: 3
// where two names have the same class far more often than the priors say, more where they have not.
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
  likelier = pairs > 1e-9 * n ** 2 ? likelier / pairs : 1; // one name alone has no mix
  return [sums, PSEUDO_NAMES / Math.max(1 - 1 / Math.max(likelier, 1), 1e-9)];
}

// The sum of the answers of names, each under the mix without the name itself. With r the ratios
// of a name and w its weight, its answer is r * mix / (z + w * r), with the z for which it sums to 1.
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
