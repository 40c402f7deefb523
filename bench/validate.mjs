// Khronos glTF validator: prints {"errors": n, "warnings": n, "messages": […]} of one file.
import { readFileSync } from "node:fs";
import validator from "gltf-validator";

const { issues } = await validator.validateBytes(new Uint8Array(readFileSync(process.argv[2])), { maxIssues: 100 });
console.log(JSON.stringify({ errors: issues.numErrors, warnings: issues.numWarnings, messages: issues.messages.filter(({ severity }) => severity < 2) }));
