// The ends of the integer types that the specification names. The 64-bit ones are rounded, as every
// JavaScript number of that size is; where each digit counts, Fields.uint64 reads the property.

export const UINT16_MAX = 0xffff;
export const UINT32_MAX = 0xffff_ffff;
export const INT64_MAX = 2 ** 63;
export const UINT64_MAX = 2 ** 64;

/** Device numbers as the kernel's dev_t holds them. */
export const DEVICE_MAJOR_MAX = 0xfff;
export const DEVICE_MINOR_MAX = 0xf_ffff;
