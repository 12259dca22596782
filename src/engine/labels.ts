// Labels of containers, pods and volumes. No I/O.

/** `wanted`: "KEY", whatever its value is, or "KEY=VALUE". */
export function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const equals = wanted.indexOf("=");
  return equals < 0
    ? Object.hasOwn(labels, wanted)
    : labels[wanted.slice(0, equals)] === wanted.slice(equals + 1);
}
