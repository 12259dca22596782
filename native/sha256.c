// SHA-256, as FIPS 180-4 has it, for the documents that the quick program reads: some kilobytes
// each.

#include "sha256.h"

#include <string.h>

enum { BLOCK_BYTES = 64, LENGTH_AT = 56, STATE_WORDS = 8, ROUNDS = 64 };

// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
static const u32 ROUND_CONSTANTS[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static u32 rotate(u32 word, int bits) { return word >> bits | word << (32 - bits); }

static u32 load(const u8 *bytes) {
  return (u32)bytes[0] << 24 | (u32)bytes[1] << 16 | (u32)bytes[2] << 8 | bytes[3];
}

static void store(u8 *bytes, u32 word) {
  for (int index = 0; index < 4; index++) bytes[index] = (u8)(word >> (24 - 8 * index));
}

static void schedule(const u8 block[BLOCK_BYTES], u32 words[ROUNDS]) {
  for (int index = 0; index < 16; index++) words[index] = load(block + 4 * index);
  for (int index = 16; index < ROUNDS; index++) {
    u32 a = words[index - 15], b = words[index - 2];
    u32 low = rotate(a, 7) ^ rotate(a, 18) ^ a >> 3;
    u32 high = rotate(b, 17) ^ rotate(b, 19) ^ b >> 10;
    words[index] = words[index - 16] + low + words[index - 7] + high;
  }
}

static void take_block(u32 state[STATE_WORDS], const u8 block[BLOCK_BYTES]) {
  u32 words[ROUNDS], a[STATE_WORDS];
  schedule(block, words);
  memcpy(a, state, sizeof a);
  for (int round = 0; round < ROUNDS; round++) {
    u32 high = rotate(a[4], 6) ^ rotate(a[4], 11) ^ rotate(a[4], 25);
    u32 choice = (a[4] & a[5]) ^ (~a[4] & a[6]);
    u32 first = a[7] + high + choice + ROUND_CONSTANTS[round] + words[round];
    u32 low = rotate(a[0], 2) ^ rotate(a[0], 13) ^ rotate(a[0], 22);
    u32 majority = (a[0] & a[1]) ^ (a[0] & a[2]) ^ (a[1] & a[2]);
    memmove(a + 1, a, sizeof a - sizeof *a);
    a[4] += first, a[0] = first + low + majority;
  }
  for (int index = 0; index < STATE_WORDS; index++) state[index] += a[index];
}

void sha256(const u8 *content, size_t length, u8 digest[SHA256_BYTES]) {
  u32 state[STATE_WORDS] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                            0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  u8 last[2 * BLOCK_BYTES] = {0};
  size_t rest = length % BLOCK_BYTES, whole = length - rest;
  for (size_t at = 0; at < whole; at += BLOCK_BYTES) take_block(state, content + at);
  if (rest > 0) memcpy(last, content + whole, rest);
  last[rest] = 0x80;
  size_t padded = rest < LENGTH_AT ? BLOCK_BYTES : 2 * BLOCK_BYTES;
  store(last + padded - 8, (u32)(length >> 29)), store(last + padded - 4, (u32)(length << 3));
  for (size_t at = 0; at < padded; at += BLOCK_BYTES) take_block(state, last + at);
  for (int index = 0; index < STATE_WORDS; index++) store(digest + 4 * index, state[index]);
}
