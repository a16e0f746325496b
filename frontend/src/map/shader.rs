//! The asset layer's shaders, GLSL ES 3.00.

/// Finds each asset's place between its two positions, and its size.
pub(super) const VERTEX: &str = r"#version 300 es
layout(location = 0) in vec2 from_place;
layout(location = 1) in vec2 to_place;
layout(location = 2) in vec2 glide_s;
layout(location = 3) in vec4 look; // kind, level, stale
uniform vec2 clip_scale;
uniform vec2 clip_offset;
uniform float now_s;
uniform float cell_px;
uniform float alerting_pass;
uniform float near;
flat out vec4 v_look;
flat out float v_size_px;

void main() {
  float t = clamp((now_s - glide_s.x) / max(glide_s.y - glide_s.x, 0.001), 0.0, 1.0);
  vec2 place = mix(from_place, to_place, t);
  bool alerting = look.y > 0.5;
  bool shown = look.x > 0.5 && alerting == (alerting_pass > 0.5);
  float size = alerting ? mix(15.0, 24.0, look.y / 4.0) + 6.0 * near
             : look.x > 1.5 ? 3.6 + 3.6 * near
             : 3.2 + 4.0 * near;
  v_size_px = size * cell_px;
  v_look = look;
  gl_PointSize = v_size_px;
  gl_Position = shown ? vec4(place * clip_scale + clip_offset, 0.0, 1.0)
                      : vec4(2.0, 2.0, 2.0, 1.0);
}
";

/// Draws a dot, or the level's shape with a halo that breathes.
pub(super) const FRAGMENT: &str = r"#version 300 es
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
  if (level == 0) {
    float body = 1.0 - smoothstep(0.9 - soft, 0.9, length(p));
    float hollow = stale ? smoothstep(0.35, 0.35 + soft, length(p)) : 1.0;
    vec3 tint = v_look.x > 1.5 ? level_colour[0] : fixed_colour;
    float strength = stale ? 0.55 : v_look.x > 1.5 ? 0.9 : 0.75;
    float alpha = body * hollow * strength;
    colour = vec4((stale ? fixed_colour : tint) * alpha, alpha);
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
