// eBPF as far as device filters use it (linux/bpf.h, linux/bpf_common.h).
//
// struct bpf_insn, 8 bytes:
//   0      1           2        4         8
//   +------+-----+-----+--------+---------+
//   | code | dst | src | offset |   imm   |   dst: the lower four bits; offset: 16 bits, signed
//   +------+-----+-----+--------+---------+

export const BPF_INSN_BYTES = 8;

/** dst = *(u32 *)(src + offset) */
export const BPF_LOAD_WORD = 0x61;
/** On the lower 32 bits; the upper ones become zero. */
export const BPF_MOVE32_REGISTER = 0xbc;
export const BPF_MOVE32 = 0xb4;
export const BPF_AND32 = 0x54;
export const BPF_SHIFT_RIGHT32 = 0x74;
/** Skip `offset` instructions, always or by a comparison of dst with imm. */
export const BPF_JUMP = 0x05;
export const BPF_JUMP_EQUAL = 0x15;
export const BPF_JUMP_NOT_EQUAL = 0x55;
export const BPF_JUMP_BITS_SET = 0x45;
/** Returns r0. */
export const BPF_EXIT = 0x95;

/** Offsets in struct bpf_cgroup_dev_ctx, which r1 points to. */
export const DEVICE_ACCESS_TYPE = 0;
export const DEVICE_MAJOR = 4;
export const DEVICE_MINOR = 8;

/** The lower half of `access_type`. */
export const BPF_DEVCG_DEV_BLOCK = 1;
export const BPF_DEVCG_DEV_CHAR = 2;

/** The upper half of `access_type`. */
export const BPF_DEVCG_ACC_MKNOD = 1;
export const BPF_DEVCG_ACC_READ = 2;
export const BPF_DEVCG_ACC_WRITE = 4;

export const BPF_PROG_TYPE_CGROUP_DEVICE = 15;
export const BPF_CGROUP_DEVICE = 6;
