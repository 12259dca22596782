// Why the lane cannot go on, for the user: shown without a stack.

export class Refusal extends Error {}
