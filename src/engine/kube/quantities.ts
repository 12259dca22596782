// Kubernetes' quantities: "500m", "1.5", "64Mi", "1G", "1e3". No I/O.

/** A CPU in the unit of cgroup v1. */
export const SHARES_OF_A_CPU = 1024;

const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

const QUANTITY = /^\+?(\d+\.?\d*|\.\d+)(?:([eE][+-]?\d{1,2})|([a-zA-Z]{0,2}))$/;

/** Undefined: it is no quantity, or a negative one. */
export function parseQuantity(text: string): number | undefined {
  const [, digits, exponent = "", suffix = ""] = QUANTITY.exec(text) ?? [];
  const factor = Object.hasOwn(FACTORS, suffix) ? FACTORS[suffix] : undefined;
  return digits === undefined || factor === undefined
    ? undefined
    : Number(`${digits}${exponent}`) * factor;
}
