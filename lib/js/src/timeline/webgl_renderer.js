// Draws a frame with WebGL 2: boundaries are a texture of integers, and each pixel looks its state up.
// Integers all the way, so that the pixels are those of canvas_renderer.js.

import { STACKED } from "./states.js";

const VERTEX = `#version 300 es
void main() {
  // One triangle that covers all.
  gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
uniform usampler2D lines;      // of each line of pixels: row, y in the row, height of the row
uniform usampler2D boundaries; // two texels of four numbers for each column of a row
uniform int canvasHeight;
uniform vec4 palette[${STACKED.length}];
out vec4 colour;
void main() {
  int y = canvasHeight - 1 - int(gl_FragCoord.y);
  uvec4 line = texelFetch(lines, ivec2(0, y), 0);
  if (line.z == 0u) { colour = vec4(0.0); return; }
  int x = int(gl_FragCoord.x) * 2;
  uvec4 position = uvec4((2u * line.y + 1u) * 255u);
  uvec4 scale = uvec4(2u * line.z);
  uvec4 one = uvec4(lessThanEqual(texelFetch(boundaries, ivec2(x, line.x), 0) * scale, position));
  uvec4 two = uvec4(lessThanEqual(texelFetch(boundaries, ivec2(x + 1, line.x), 0) * scale, position));
  uvec4 both = one + two;
  colour = palette[both.x + both.y + both.z + both.w];
}`;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {() => void} onLost  called once if the browser takes the context away
 * @returns {import("./canvas_renderer.js").Renderer | null} null where there is no WebGL 2
 */
export function webglRenderer(canvas, onLost) {
  const options = { antialias: false, depth: false };
  const gl = /** @type {WebGL2RenderingContext | null} */ (canvas.getContext("webgl2", options));
  if (!gl) return null;
  const program = linked(gl);
  if (!program) return null;
  gl.useProgram(program);
  const lines = texture(gl, 0);
  const boundaries = texture(gl, 1);
  const where = (/** @type {string} */ name) => gl.getUniformLocation(program, name);
  gl.uniform1i(where("lines"), 0);
  gl.uniform1i(where("boundaries"), 1);
  const [canvasHeight, palette] = [where("canvasHeight"), where("palette")];
  const largest = gl.getParameter(gl.MAX_TEXTURE_SIZE);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  let released = false;
  canvas.addEventListener("webglcontextlost", (event) => {
    event.preventDefault();
    if (!released) onLost();
  });
  return {
    kind: "webgl",
    setColours(colours) {
      gl.uniform4fv(palette, Float32Array.from(colours, (byte) => byte / 255));
    },
    draw(frame) {
      const width = Math.min(frame.width, Math.floor(largest / 2));
      if (canvas.width !== width || canvas.height !== frame.height) {
        canvas.width = width;
        canvas.height = frame.height;
      }
      gl.viewport(0, 0, width, frame.height);
      gl.uniform1i(canvasHeight, frame.height);
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D, lines);
      upload(gl, gl.RGBA16UI, gl.UNSIGNED_SHORT, 1, frame.height, linesOf(frame));
      gl.activeTexture(gl.TEXTURE1);
      gl.bindTexture(gl.TEXTURE_2D, boundaries);
      // A texture of no rows cannot be.
      const rows = Math.max(frame.rows.length, 1);
      const bytes = frame.rows.length ? frame.bytes : new Uint8Array(frame.width * 8);
      upload(gl, gl.RGBA8UI, gl.UNSIGNED_BYTE, frame.width * 2, rows, bytes);
      gl.drawArrays(gl.TRIANGLES, 0, 3);
    },
    release() {
      released = true;
      gl.getExtension("WEBGL_lose_context")?.loseContext();
    },
  };
}

/**
 * @param {import("./shares.js").Frame} frame
 */
function linesOf({ height, rows }) {
  const found = new Uint16Array(height * 4);
  rows.forEach((row, number) => {
    const bottom = Math.min(row.height, height - row.y);
    for (let y = Math.max(0, -row.y); y < bottom; y++) found.set([number, y, row.height, 0], (row.y + y) * 4);
  });
  return found;
}

/**
 * @param {WebGL2RenderingContext} gl
 * @param {number} format
 * @param {number} type
 * @param {number} width
 * @param {number} height
 * @param {ArrayBufferView} data
 */
function upload(gl, format, type, width, height, data) {
  gl.texImage2D(gl.TEXTURE_2D, 0, format, width, height, 0, gl.RGBA_INTEGER, type, data);
}

/**
 * @param {WebGL2RenderingContext} gl
 * @param {number} unit
 */
function texture(gl, unit) {
  const made = gl.createTexture();
  gl.activeTexture(gl.TEXTURE0 + unit);
  gl.bindTexture(gl.TEXTURE_2D, made);
  for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
    gl.texParameteri(gl.TEXTURE_2D, filter, gl.NEAREST);
  }
  return made;
}

/**
 * @param {WebGL2RenderingContext} gl
 */
function linked(gl) {
  const program = gl.createProgram();
  for (const [type, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(Number(type));
    if (!shader) return null;
    gl.shaderSource(shader, String(source));
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) ? program : null;
}
