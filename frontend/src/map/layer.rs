//! The asset layer: one buffer, one program, two draws a frame — calm assets beneath, alerting
//! ones above. Made anew when the context is.

use web_sys::{
    WebGl2RenderingContext as Gl, WebGlBuffer, WebGlProgram, WebGlShader, WebGlUniformLocation,
    WebGlVertexArrayObject,
};

use crate::map::camera::Camera;
use crate::map::gpu;
use crate::map::palette::Palette;
use crate::map::points::{LOOK_OFFSET, Points, STRIDE, Upload};
use crate::map::shader;

/// How long a halo takes to grow and fade. Seconds: calm, below one a second.
const PULSE_S: f32 = 2.4;

/// The zooms between which marks grow from dots to symbols.
const NEAR_ZOOM: (f64, f64) = (11.0, 14.5);

/// The layer in one context.
#[derive(Debug)]
pub(super) struct Layer {
    gl: Gl,
    program: WebGlProgram,
    array: WebGlVertexArrayObject,
    buffer: WebGlBuffer,
    uniforms: Uniforms,
    allocated_bytes: usize,
}

#[derive(Debug)]
struct Uniforms {
    clip_scale: Option<WebGlUniformLocation>,
    clip_offset: Option<WebGlUniformLocation>,
    now_s: Option<WebGlUniformLocation>,
    cell_px: Option<WebGlUniformLocation>,
    alerting_pass: Option<WebGlUniformLocation>,
    near: Option<WebGlUniformLocation>,
    pulse: Option<WebGlUniformLocation>,
}

/// What a frame looks like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Where the map looks.
    pub(super) camera: Camera,
    /// `performance.now()`. Milliseconds.
    pub(super) now_ms: f64,
    /// The style's `--u`. CSS pixels.
    pub(super) cell_px: f64,
}

impl Layer {
    /// Makes program and buffers.
    ///
    /// # Errors
    /// The driver's words; the map then shows no assets and says so.
    pub(super) fn new(gl: Gl, palette: &Palette) -> Result<Self, String> {
        let program = link(&gl)?;
        let array = gl.create_vertex_array().ok_or("no vertex array")?;
        let buffer = gl.create_buffer().ok_or("no buffer")?;
        gl.bind_vertex_array(Some(&array));
        gl.bind_buffer(Gl::ARRAY_BUFFER, Some(&buffer));
        describe_records(&gl);
        gl.bind_vertex_array(None);
        gl.use_program(Some(&program));
        set_colours(&gl, &program, palette);
        let at = |name| gl.get_uniform_location(&program, name);
        let uniforms = Uniforms {
            clip_scale: at("clip_scale"),
            clip_offset: at("clip_offset"),
            now_s: at("now_s"),
            cell_px: at("cell_px"),
            alerting_pass: at("alerting_pass"),
            near: at("near"),
            pulse: at("pulse"),
        };
        Ok(Self {
            gl,
            program,
            array,
            buffer,
            uniforms,
            allocated_bytes: 0,
        })
    }

    /// Uploads what changed and draws.
    pub(super) fn draw(&mut self, points: &mut Points, frame: &Frame) {
        let (upload, now_s) = points.take_upload(frame.now_ms);
        let gl = &self.gl;
        gl.bind_buffer(Gl::ARRAY_BUFFER, Some(&self.buffer));
        let before = self.allocated_bytes;
        self.allocated_bytes = send(gl, points.bytes(), upload, before);
        gpu::resized(before, self.allocated_bytes);
        let gl = &self.gl;
        gl.use_program(Some(&self.program));
        gl.bind_vertex_array(Some(&self.array));
        gl.disable(Gl::DEPTH_TEST);
        gl.disable(Gl::STENCIL_TEST);
        gl.enable(Gl::BLEND);
        gl.blend_func(Gl::ONE, Gl::ONE_MINUS_SRC_ALPHA);
        self.set_frame(points, frame, now_s);
        let n_points = i32::try_from(points.bytes().len() / STRIDE).unwrap_or(i32::MAX);
        for alerting_pass in [0.0, 1.0] {
            gl.uniform1f(self.uniforms.alerting_pass.as_ref(), alerting_pass);
            gl.draw_arrays(Gl::POINTS, 0, n_points);
        }
        gl.bind_vertex_array(None);
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "clip space is f32; the large parts cancel out in f64 before"
    )]
    fn set_frame(&self, points: &Points, frame: &Frame, now_s: f32) {
        let (gl, uniforms, camera) = (&self.gl, &self.uniforms, &frame.camera);
        let world = camera.world_px();
        let scale = (2.0 * world / camera.width, -2.0 * world / camera.height);
        let origin = points.origin();
        let offset = (
            (origin.x - camera.centre.x) * scale.0,
            (origin.y - camera.centre.y) * scale.1,
        );
        let device = f64::from(gl.drawing_buffer_width()) / camera.width.max(1.0);
        let near = (camera.zoom - NEAR_ZOOM.0 - frame.cell_px.log2()) / (NEAR_ZOOM.1 - NEAR_ZOOM.0);
        gl.uniform2f(uniforms.clip_scale.as_ref(), scale.0 as f32, scale.1 as f32);
        gl.uniform2f(
            uniforms.clip_offset.as_ref(),
            offset.0 as f32,
            offset.1 as f32,
        );
        gl.uniform1f(uniforms.now_s.as_ref(), now_s);
        gl.uniform1f(uniforms.cell_px.as_ref(), (frame.cell_px * device) as f32);
        gl.uniform1f(uniforms.near.as_ref(), near.clamp(0.0, 1.0) as f32);
        gl.uniform1f(uniforms.pulse.as_ref(), (now_s / PULSE_S).fract().abs());
    }
}

impl Drop for Layer {
    fn drop(&mut self) {
        gpu::resized(self.allocated_bytes, 0);
    }
}

/// Sends bytes to the bound buffer; how many it holds afterwards.
fn send(gl: &Gl, bytes: &[u8], upload: Upload, allocated_bytes: usize) -> usize {
    match upload {
        Upload::All => {
            gl.buffer_data_with_u8_array(Gl::ARRAY_BUFFER, bytes, Gl::DYNAMIC_DRAW);
            bytes.len()
        }
        Upload::Ranges(ranges) => {
            for range in ranges
                .into_iter()
                .filter(|range| range.end <= allocated_bytes)
            {
                let offset = i32::try_from(range.start).unwrap_or(i32::MAX);
                if let Some(part) = bytes.get(range) {
                    gl.buffer_sub_data_with_i32_and_u8_array(Gl::ARRAY_BUFFER, offset, part);
                }
            }
            allocated_bytes
        }
    }
}

/// Tells the context where in a record what lies; see [`crate::map::points`].
fn describe_records(gl: &Gl) {
    let stride = i32::try_from(STRIDE).unwrap_or(0);
    for (place, offset) in [(0, 0), (1, 8), (2, 16)] {
        gl.enable_vertex_attrib_array(place);
        gl.vertex_attrib_pointer_with_i32(place, 2, Gl::FLOAT, false, stride, offset);
    }
    gl.enable_vertex_attrib_array(3);
    gl.vertex_attrib_pointer_with_i32(3, 4, Gl::UNSIGNED_BYTE, false, stride, LOOK_OFFSET);
}

fn set_colours(gl: &Gl, program: &WebGlProgram, palette: &Palette) {
    let at = |name| gl.get_uniform_location(program, name);
    let levels = palette.levels().concat();
    gl.uniform3fv_with_f32_array(at("level_colour").as_ref(), &levels);
    gl.uniform3fv_with_f32_array(at("fixed_colour").as_ref(), &palette.rgb("--ink-3"));
    gl.uniform3fv_with_f32_array(at("ground_colour").as_ref(), &palette.rgb("--ground"));
}

fn link(gl: &Gl) -> Result<WebGlProgram, String> {
    let vertex = compile(gl, Gl::VERTEX_SHADER, shader::VERTEX)?;
    let fragment = compile(gl, Gl::FRAGMENT_SHADER, shader::FRAGMENT)?;
    let program = gl.create_program().ok_or("no program")?;
    gl.attach_shader(&program, &vertex);
    gl.attach_shader(&program, &fragment);
    gl.link_program(&program);
    let linked = gl.get_program_parameter(&program, Gl::LINK_STATUS);
    if linked.as_bool() == Some(true) {
        Ok(program)
    } else {
        Err(gl.get_program_info_log(&program).unwrap_or_default())
    }
}

fn compile(gl: &Gl, kind: u32, source: &str) -> Result<WebGlShader, String> {
    let shader = gl.create_shader(kind).ok_or("no shader")?;
    gl.shader_source(&shader, source);
    gl.compile_shader(&shader);
    let compiled = gl.get_shader_parameter(&shader, Gl::COMPILE_STATUS);
    if compiled.as_bool() == Some(true) {
        Ok(shader)
    } else {
        Err(gl.get_shader_info_log(&shader).unwrap_or_default())
    }
}
