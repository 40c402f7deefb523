// Model files: what is needed, fetched from a site of the test into the models folder of a fake ComfyUI.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { begin, objections, open, shot } from "./session.mjs";

const NAME = "sd_xl_base_1.0.safetensors";
const SIZE = 400_000;

let server;
let context;
let end;
let models;
let site;
/** Answers whose second half is still to come. */
const held = [];

/** A safetensors file with one tensor. */
function model() {
  const header = Buffer.from(JSON.stringify({ w: { dtype: "U8", shape: [SIZE], data_offsets: [0, SIZE] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(SIZE, 7)]);
}

before(async () => {
  models = await mkdtemp(path.join(tmpdir(), "oreforge-models-"));
  await mkdir(path.join(models, "checkpoints"));
  const body = model();
  site = createServer((request, answer) => {
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const range = from === 0 ? {} : { "Content-Range": `bytes ${from}-${body.length - 1}/${body.length}` };
    answer.writeHead(from === 0 ? 200 : 206, { ETag: '"one"', "Content-Length": body.length - from, ...range });
    if (from > 0) return answer.end(body.subarray(from));
    answer.write(body.subarray(0, SIZE / 2));
    held.push(answer);
  });
  await new Promise(resolve => site.listen(0, "127.0.0.1", resolve));
  const begun = await begin();
  ({ server, context, end } = begun);
  await server.useComfy(await begun.fakeComfy({ checkpoints: ["v1-5-pruned-emaonly.safetensors"], models }));
});
after(async () => {
  await end?.();
  site?.closeAllConnections();
  site?.close();
  await rm(models, { recursive: true, force: true });
});

test("a missing model is fetched once its address is confirmed, stopped, gone on with and cleared", async () => {
  const page = await open(context, server.address);
  await page.keyboard.press("Control+,");
  await page.getByRole("button", { name: "Models" }).click();
  const needed = page.getByRole("list", { name: "What the workflows need" });
  await needed.getByText("v1-5-pruned-emaonly.safetensors").waitFor();
  await page.getByText(models).waitFor();
  await shot(page, "models-needed");
  await page.getByRole("button", { name: `Download ${NAME}` }).click();
  const address = page.getByLabel("Address of the file");
  // What the manifest knows is offered, and nothing is fetched before a person says so.
  assert.match(await address.inputValue(), new RegExp(`^https://.*/${NAME}$`));
  await address.fill(`http://127.0.0.1:${site.address().port}/${NAME}`);
  await shot(page, "models-confirm");
  await page.getByRole("button", { name: "Download", exact: true }).click();
  const row = page.getByRole("list", { name: "Downloads" }).locator("li", { hasText: NAME });
  await row.getByText(/200 kB of 400 kB/).waitFor();
  await shot(page, "models-on-its-way");
  await row.getByRole("button", { name: "Cancel" }).click();
  await row.getByText(/Stopped after 200 kB/).waitFor();
  assert.deepEqual(await objections(page), []);
  await row.getByRole("button", { name: "Go on" }).click();
  await row.getByText(/^Here\./).waitFor();
  await shot(page, "models-here");
  assert.ok((await readFile(path.join(models, "checkpoints", NAME))).equals(model()));
  assert.equal(held.length, 1, "its first half was fetched once");
  await row.getByRole("button", { name: `Clear ${NAME}` }).click();
  await row.waitFor({ state: "detached" });
  assert.deepEqual(await readdir(path.join(models, "checkpoints")), [NAME]);
  // A kind of file that can hold a program is not fetched unless somebody vouches for it.
  await page.getByRole("button", { name: "Download stable_zero123.ckpt" }).click();
  const confirm = page.getByRole("button", { name: "Download", exact: true });
  assert.ok(await confirm.isDisabled());
  await page.getByRole("checkbox").check();
  assert.ok(await confirm.isEnabled());
  await shot(page, "models-trust");
  await page.getByRole("button", { name: "Not now" }).click();
  assert.deepEqual(page.problems, []);
});
