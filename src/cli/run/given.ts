// Properties for a flag that is given; none for one that is not.

export function given<Properties>(
  value: string | undefined,
  make: (value: string) => Properties,
): Properties | undefined {
  return value === undefined ? undefined : make(value);
}
