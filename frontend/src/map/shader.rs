//! The asset layer's shaders, GLSL ES 3.00.

/// How the vertex shader of every kind of mark begins: with a record of the buffer, and with what a
/// frame looks like.
pub(super) const MARK_HEAD: &str = r"#version 300 es
layout(location = 0) in vec2 from_place;
layout(location = 1) in vec2 to_place;
layout(location = 2) in vec2 glide_s;
layout(location = 3) in vec4 look; // kind, level, stale
uniform vec2 clip_scale;
uniform vec2 clip_offset;
uniform float now_s;
uniform float cell_px;
uniform float near;
";

/// Finds a calm asset's place between its two positions, and all that its dot looks like: there are
/// tens of thousands of them, and what is worked out here is not worked out for each pixel. After
/// [`MARK_HEAD`].
pub(super) const DOT_VERTEX: &str = r"
uniform vec3 level_colour[5];
uniform vec3 fixed_colour;
flat out vec4 v_colour;
flat out vec3 v_radius_px; // of the square, the dot, the hole in it

void main() {
  float t = clamp((now_s - glide_s.x) / max(glide_s.y - glide_s.x, 0.001), 0.0, 1.0);
  bool shown = look.x > 0.5 && look.x < 2.5 && look.y < 0.5;
  bool moving = look.x > 1.5;
  bool stale = look.z > 0.5;
  float size_px = cell_px * (moving ? 3.6 + 3.6 * near : 3.2 + 4.0 * near);
  float strength = stale ? 0.55 : moving ? 0.9 : 0.75;
  v_colour = vec4(moving && !stale ? level_colour[0] : fixed_colour, 1.0) * strength;
  v_radius_px = size_px * vec3(0.5, 0.45, 0.175);
  if (!stale) v_radius_px.z = -1.0;
  gl_PointSize = size_px;
  gl_Position = shown ? vec4(mix(from_place, to_place, t) * clip_scale + clip_offset, 0.0, 1.0)
                      : vec4(2.0, 2.0, 2.0, 1.0);
}
";

/// Draws a dot, with a hole in it where nothing has been heard for long.
pub(super) const DOT_FRAGMENT: &str = r"#version 300 es
precision highp float;
flat in vec4 v_colour;
flat in vec3 v_radius_px;
out vec4 colour;

void main() {
  float d_px = length(gl_PointCoord * 2.0 - 1.0) * v_radius_px.x;
  vec2 covered = clamp(vec2(v_radius_px.y - d_px, d_px - v_radius_px.z), 0.0, 1.0);
  colour = v_colour * (covered.x * covered.y);
}
";

/// Finds the place of what stands out, and its size: discs of cells, whose radius is where others
/// have their second place, and in a pass of their own assets with an alert. After [`MARK_HEAD`].
pub(super) const SIGN_VERTEX: &str = r"
uniform float world_px;
uniform float alerting_pass;
flat out vec4 v_look;
flat out float v_size_px;

void main() {
  float t = clamp((now_s - glide_s.x) / max(glide_s.y - glide_s.x, 0.001), 0.0, 1.0);
  bool disc = look.x > 2.5;
  vec2 place = disc ? from_place : mix(from_place, to_place, t);
  bool alerting = look.x > 0.5 && look.y > 0.5 && !disc;
  bool shown = alerting_pass > 0.5 ? alerting : disc;
  float size = mix(15.0, 24.0, look.y / 4.0) + 6.0 * near;
  v_size_px = disc ? max(2.0 * to_place.x * world_px, 2.5 * cell_px) : size * cell_px;
  v_look = look;
  gl_PointSize = v_size_px;
  gl_Position = shown ? vec4(place * clip_scale + clip_offset, 0.0, 1.0)
                      : vec4(2.0, 2.0, 2.0, 1.0);
}
";

/// Draws a cell's disc, or the level's shape with a halo that breathes.
pub(super) const SIGN_FRAGMENT: &str = r"#version 300 es
precision highp float;
flat in vec4 v_look;
flat in float v_size_px;
uniform vec3 level_colour[5];
uniform vec3 fixed_colour;
uniform vec3 ground_colour;
uniform float pulse;
out vec4 colour;

float triangle(vec2 p, float r) {
  p.y = -p.y;
  return max(abs(p.x) * 0.866 + p.y * 0.5, -p.y) - r * 0.5;
}

float shape(int level, vec2 p) {
  if (level == 1) return length(p) - 0.30;
  if (level == 2) return max(abs(p.x), abs(p.y)) - 0.28;
  if (level == 3) return triangle(p - vec2(0.0, 0.06), 0.40);
  return (abs(p.x) + abs(p.y) - 0.42) * 0.7071;
}

void main() {
  vec2 p = gl_PointCoord * 2.0 - 1.0;
  float soft = 2.0 / v_size_px;
  int level = int(v_look.y + 0.5);
  bool stale = v_look.z > 0.5;
  if (v_look.x > 2.5) {
    float r = length(p);
    float body = 1.0 - smoothstep(0.94 - soft, 0.94, r);
    float rim = body * smoothstep(0.82 - 2.0 * soft, 0.82, r);
    vec3 tint = stale ? fixed_colour : level_colour[level];
    float alpha = max(body * (stale ? 0.12 : level > 0 ? 0.42 : 0.30), rim * 0.75);
    colour = vec4(tint * alpha, alpha);
    return;
  }
  vec3 tint = level_colour[level];
  float d = shape(level, p);
  float body = 1.0 - smoothstep(0.0, soft, d);
  float edge = 1.0 - smoothstep(0.07, 0.07 + soft, d);
  float reach = mix(0.45, 0.98, pulse);
  float ring = (1.0 - smoothstep(0.0, 2.0 * soft, abs(length(p) - reach))) * (1.0 - pulse);
  float glow = ring * (level >= 3 ? 0.8 : 0.35);
  float strength = stale ? 0.5 : 1.0;
  vec3 inked = mix(ground_colour, tint, body);
  float alpha = max(edge * 0.9, glow) * strength;
  colour = vec4((edge > glow ? inked : tint) * alpha, alpha);
}
";

/// Lays a band along a stretch of a tail; four corners for each, the last stretch as far as its
/// vehicle has come.
pub(super) const TAIL_VERTEX: &str = r"#version 300 es
layout(location = 0) in vec2 from_place;
layout(location = 1) in vec2 to_place;
layout(location = 2) in vec2 span_s;
layout(location = 3) in vec4 look; // -, level
uniform vec2 clip_scale;
uniform vec2 clip_offset;
uniform vec2 viewport_px;
uniform float cell_px;
uniform float now_s;
uniform float tail_s;
flat out int v_level;
out float v_age;
out vec2 v_across_px; // how far from the middle, and where the band ends

void main() {
  float end = float(gl_VertexID & 1);
  float side = float(gl_VertexID >> 1) * 2.0 - 1.0;
  float t = clamp((now_s - span_s.x) / max(span_s.y - span_s.x, 0.001), 0.0, 1.0);
  vec2 a = from_place * clip_scale + clip_offset;
  vec2 b = mix(from_place, to_place, t) * clip_scale + clip_offset;
  vec2 along = (b - a) * viewport_px;
  float far = length(along);
  vec2 across = far > 0.01 ? vec2(-along.y, along.x) / far : vec2(0.0);
  v_age = clamp((now_s - mix(span_s.x, min(now_s, span_s.y), end)) / tail_s, 0.0, 1.0);
  v_level = int(look.y + 0.5);
  float wide_px = 0.5 * mix(2.2, 0.8, v_age) * cell_px;
  // Half a pixel more, over which its edge fades.
  v_across_px = vec2(side * (wide_px + 0.5), wide_px);
  gl_Position = vec4(mix(a, b, end) + across * v_across_px.x * 2.0 / viewport_px, 0.0, 1.0);
}
";

/// Fades with age.
pub(super) const TAIL_FRAGMENT: &str = r"#version 300 es
precision highp float;
flat in int v_level;
in float v_age;
in vec2 v_across_px;
uniform vec3 level_colour[5];
out vec4 colour;

void main() {
  float covered = clamp(v_across_px.y + 0.5 - abs(v_across_px.x), 0.0, 1.0);
  float alpha = 0.5 * (1.0 - v_age) * (1.0 - v_age) * covered;
  colour = vec4(level_colour[v_level] * alpha, alpha);
}
";
