// Probabilities of names -> the shares of the classes among them: `estimate_priors` of
// sknames/_priors.py, without resamples.

const TOLERANCE = 1e-9; // of the log-likelihood per name, which is proven to be so near its maximum
const MAX_STEPS = 200;
const MAX_SWEEPS = 2000;

// `rows` are probabilities of distinct names, each under the priors `supposed`, and `counts` say
// how often each name occurs.
export function estimateShares(rows, counts, supposed) {
  const n = supposed.length;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const ratios = rows.map((row) => {
    const ratio = Float64Array.from(row, (p, k) => (supposed[k] > 0 ? p / supposed[k] : 0));
    const largest = Math.max(...ratio);
    return ratio.map((x) => x / largest);
  });
  const mixOf = (shares) => ratios.map((ratio) => dot(ratio, shares));
  const likelihood = (mix) => mix.reduce((sum, m, i) => sum + (counts[i] / total) * Math.log(m), 0);

  let shares = Float64Array.from(supposed);
  let mix = mixOf(shares);
  for (let step = 0; step < MAX_STEPS; step++) {
    const gain = new Float64Array(n);
    const curvature = Array.from({ length: n }, () => new Float64Array(n));
    ratios.forEach((ratio, i) => {
      const weight = counts[i] / total;
      const score = ratio.map((x) => x / mix[i]);
      for (let j = 0; j < n; j++) {
        const weighted = weight * score[j];
        gain[j] += weighted;
        const line = curvature[j];
        for (let k = 0; k < n; k++) line[k] += weighted * score[k];
      }
    });
    if (Math.max(...gain) - 1 <= TOLERANCE) break;
    // A step of expectation maximisation never makes the names less likely. Newton's may, and
    // leads much further where it does not.
    const steps = [newtonStep(shares, curvature, gain), shares.map((s, k) => s * gain[k])];
    const mixes = steps.map(mixOf);
    const [newton, expectation] = mixes.map(likelihood);
    const best = expectation > newton + 1e-13 || Number.isNaN(newton) ? 1 : 0;
    [shares, mix] = [steps[best], mixes[best]];
  }
  return shares;
}

// Where the log-likelihood near some shares is largest, among shares that are not negative: one
// share at a time, until none moves.
function newtonStep(shares, curvature, gain) {
  const n = shares.length;
  const largest = Math.max(...curvature.map((line, k) => line[k]));
  // The floor is for classes that no name has any chance of.
  const diagonal = curvature.map((line, k) => Math.max(line[k], 1e-12 * largest));
  const found = Float64Array.from(shares);
  const slope = gain.map((g) => g - 1);
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let moved = 0;
    for (let k = 0; k < n; k++) {
      const move = Math.max(slope[k] / diagonal[k], -found[k]);
      if (move === 0) continue;
      found[k] += move;
      for (let j = 0; j < n; j++) slope[j] -= move * curvature[j][k];
      moved = Math.max(moved, Math.abs(move));
    }
    if (moved < 1e-9) break;
  }
  const sum = found.reduce((a, b) => a + b, 0);
  return found.map((x) => x / sum);
}

function dot(a, b) {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}
