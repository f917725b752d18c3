/** Contexts as they are shown, of any shape. */
import fc from "fast-check";
import type { View } from "../../../../src/observe/inspector/protocol.ts";

const { view } = fc.letrec<{ view: View }>((tie) => ({
  view: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<View>(null, true, 1, 2, "word", { $: "hidden", characters: 3 }),
    fc.array(tie("view"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "c"), tie("view"), { noNullPrototype: true }),
  ),
}));

export const views = view;
export { fc };
