// The page's only WebGL context, so that any number of components fits.
const VERTEX = `#version 300 es
in vec3 place; in vec3 normal; in float share; in float below;
uniform mat4 view; uniform float height;
out vec3 facing; out float level; out float above;
void main() {
  gl_Position = view * vec4(place.xy, place.z * height, 1.0);
  facing = normal; level = share; above = below;
}`;
const FRAGMENT = `#version 300 es
precision highp float;
in vec3 facing; in float level; in float above;
uniform int mode;  // 0 surface, 1 what is drawn on the floor, 2 one colour
uniform sampler2D colors; uniform vec3 towards; uniform vec3 lights[3]; uniform vec3 strengths;
uniform vec3 ink; uniform vec4 shade; uniform float thickness; uniform float levels;
out vec4 color;
vec3 lit(vec3 base) {
  vec3 n = normalize(facing);
  float ambient = 0.32;
  if (dot(n, towards) < 0.0) { n = -n; ambient = 0.5; }  // the outside of a rim, away from all lights
  float diffuse = 0.0, specular = 0.0;
  for (int k = 0; k < 3; k++) {
    diffuse += strengths[k] * max(0.0, dot(n, lights[k]));
    specular += strengths[k] * pow(max(0.0, dot(reflect(-lights[k], n), towards)), 20.0);
  }
  return base * (ambient + 0.72 * diffuse) + 0.08 * specular;
}
void main() {
  float t = level * levels;
  float line = abs(fract(t) - 0.5) / max(fwidth(t), 1e-6);
  float drawn = (1.0 - smoothstep(thickness - 0.5, thickness + 0.5, line)) * step(0.0, level) * step(1e-5, fwidth(t));  // a plateau is no line
  vec3 base = texture(colors, vec2(clamp(level, 0.0, 1.0) * 255.0 / 256.0 + 0.5 / 256.0, 0.5)).rgb;
  if (mode == 0) { color = vec4(mix(lit(base), ink, 0.85 * drawn), 1.0); return; }
  if (mode == 2) { color = vec4(lit(ink), 1.0); return; }
  float soft = clamp(0.5 - above / max(fwidth(above), 1e-9), 0.0, 1.0) * shade.a;
  vec3 lines = base * drawn;
  color = vec4(lines + shade.rgb * soft * (1.0 - drawn), drawn + soft * (1.0 - drawn));
}`;

class Painter {
  constructor() {
    this.canvas = document.createElement("canvas");
    this.gl = this.canvas.getContext("webgl2", {antialias: true, preserveDrawingBuffer: true});
    this.redraw = [];
    if (!this.gl) return;
    this.canvas.addEventListener("webglcontextlost", event => event.preventDefault());
    this.canvas.addEventListener("webglcontextrestored", () => { this.prepare(); this.redraw.forEach(draw => draw()); });
    this.prepare();
  }

  prepare() {
    const gl = this.gl, program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    ["place", "normal", "share", "below"].forEach((name, k) => gl.bindAttribLocation(program, k, name));
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new Error(gl.getProgramInfoLog(program));
    }
    gl.useProgram(program);
    this.buffers = new WeakMap();
    this.textures = new Map();
    this.at = name => gl.getUniformLocation(program, name);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.enable(gl.DEPTH_TEST);
  }

  // The background stays transparent: axes and walls are drawn below by the panel's own canvas.
  begin(width, height, camera, colors) {
    const gl = this.gl;
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, {width, height});
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.depthMask(true);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.uniformMatrix4fv(this.at("view"), false, camera.matrix(width, height));
    gl.uniform3fv(this.at("towards"), camera.towards);
    const basis = [camera.right, camera.up, camera.towards];
    const directions = LIGHTS.map(l => unit([0, 1, 2].map(c => l[0] * basis[0][c] + l[1] * basis[1][c] + l[2] * basis[2][c])));
    gl.uniform3fv(this.at("lights"), directions.flat());
    gl.uniform3fv(this.at("strengths"), LIGHTS.map(l => l[3]));
    gl.uniform1f(this.at("levels"), LEVELS);
    this.texture(colors);
  }

  texture(colors) {
    const gl = this.gl;
    if (!this.textures.has(colors)) {
      const texture = gl.createTexture();
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB, 256, 1, 0, gl.RGB, gl.UNSIGNED_BYTE, colors);
      for (const [key, value] of [["MIN_FILTER", gl.LINEAR], ["MAG_FILTER", gl.LINEAR], ["WRAP_S", gl.CLAMP_TO_EDGE], ["WRAP_T", gl.CLAMP_TO_EDGE]]) {
        gl.texParameteri(gl.TEXTURE_2D, gl["TEXTURE_" + key], value);
      }
      this.textures.set(colors, texture);
    }
    gl.bindTexture(gl.TEXTURE_2D, this.textures.get(colors));
  }

  mesh(mesh, mode, {ink = [0, 0, 0], shade = [0, 0, 0, 0], thickness = 0.6} = {}) {
    const gl = this.gl;
    if (!mesh.faces.length) return;
    let pair = this.buffers.get(mesh);
    if (!pair) {
      pair = [gl.createBuffer(), gl.createBuffer()];
      this.buffers.set(mesh, pair);
      gl.bindBuffer(gl.ARRAY_BUFFER, pair[0]);
      gl.bufferData(gl.ARRAY_BUFFER, mesh.vertices, gl.STATIC_DRAW);
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, pair[1]);
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, mesh.faces, gl.STATIC_DRAW);
    }
    gl.bindBuffer(gl.ARRAY_BUFFER, pair[0]);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, pair[1]);
    [3, 3, 1, 1].forEach((size, k) => {
      gl.enableVertexAttribArray(k);
      gl.vertexAttribPointer(k, size, gl.FLOAT, false, 4 * STRIDE, 4 * [0, 3, 6, 7][k]);
    });
    gl.uniform1i(this.at("mode"), mode);
    gl.uniform1f(this.at("height"), mode === 1 ? 0 : 1);
    gl.uniform3fv(this.at("ink"), ink);
    gl.uniform4fv(this.at("shade"), shade);
    gl.uniform1f(this.at("thickness"), thickness);
    gl.depthMask(mode !== 1);
    gl.drawElements(gl.TRIANGLES, mesh.faces.length, gl.UNSIGNED_INT, 0);
  }

  forget(mesh) {
    (this.buffers.get(mesh) || []).forEach(buffer => this.gl.deleteBuffer(buffer));
    this.buffers.delete(mesh);
  }
}
