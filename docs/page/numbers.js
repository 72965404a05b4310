// Number formats of the page.

const grouped = new Intl.NumberFormat("en");

export const formatNumber = (n) => grouped.format(n);
export const formatNames = (n) => `${formatNumber(n)} ${n === 1 ? "name" : "names"}`;

export function percent(share) {
  if (share > 0 && share < 0.005) return "<\u20091\u00a0%";
  if (share < 1 && share >= 0.995) return ">\u200999\u00a0%";
  return `${Math.round(share * 100)}\u00a0%`;
}

// A difference of shares in percentage points.
export function points(difference) {
  const rounded = Math.round(Math.abs(difference) * 100);
  if (rounded === 0) return "0";
  return `${difference < 0 ? "−" : "+"}${rounded}`;
}

// The indices of the n largest values, the largest first.
export function largest(values, n) {
  const order = [...values.keys()].sort((i, j) => values[j] - values[i]);
  return order.slice(0, n);
}
