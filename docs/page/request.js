// Requests for files of the page, and results that are computed once.

// Return a function that calls `make` once for each key, and again after a failure.
export function once(make) {
  const made = new Map();
  return (key) => {
    if (!made.has(key)) {
      made.set(key, make(key));
      made.get(key).catch(() => made.delete(key));
    }
    return made.get(key);
  };
}

export async function request(file) {
  const response = await fetch(new URL(file, import.meta.url));
  if (!response.ok) throw new Error(`${file}: ${response.status} ${response.statusText}`);
  return response;
}
