import assert from "node:assert/strict";
import { test } from "node:test";
import { LIMIT_BYTES, documented, measure, table } from "./measure.mjs";

test("all that an embedding page loads is at most 20 KB gzipped", () => {
  const total = measure().reduce((sum, { gzipped }) => sum + gzipped, 0);
  assert.ok(total <= LIMIT_BYTES, `${total} of ${LIMIT_BYTES} bytes`);
});

test("sizes and hashes in docs/widget.md are those of the files", () => {
  assert.equal(documented(), table(measure()), "run: node tests/widget/measure.mjs --write");
});
