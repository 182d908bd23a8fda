/** `count` objects of some 40 bytes each in an array. */
export function makeItems(count: number): readonly { id: number; at: number; name: string }[];
