// The script of an exported page.
import { mount } from "./host.js";

await mount(document);
