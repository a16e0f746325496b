//! The asset layer: one buffer, drawn from the ground up as tails (near by), discs of cells, calm
//! assets, alerting ones. Calm ones have a program of their own, for they are the many: as one
//! case of the signs' program they cost 1.2 to 2.6 times as much. Made anew when the context is.

use web_sys::{
    WebGl2RenderingContext as Gl, WebGlBuffer, WebGlProgram, WebGlUniformLocation,
    WebGlVertexArrayObject,
};

use crate::map::camera::Camera;
use crate::map::gpu;
use crate::map::palette::Palette;
use crate::map::points::{LOOK_OFFSET, Points, STRIDE, Upload};
use crate::map::program::{describe_records, link, set_colours};
use crate::map::shader;
use crate::map::trail::{Scale, Trail};

/// How long a halo takes to grow and fade. Seconds: calm, below one a second.
const PULSE_S: f32 = 2.4;

/// The zooms between which marks grow from dots to symbols.
const NEAR_ZOOM: (f64, f64) = (11.0, 14.5);

/// From which zoom on vehicles draw tails.
const TAIL_ZOOM: f64 = 12.0;

/// The side of the square that a tail needs to be seen for itself. Style's units.
const TAIL_ROOM_U: f64 = 40.0;

/// The layer in one context.
#[derive(Debug)]
pub(super) struct Layer {
    gl: Gl,
    dots: Marks,
    signs: Marks,
    array: WebGlVertexArrayObject,
    buffer: WebGlBuffer,
    allocated_bytes: usize,
    trail: Trail,
}

/// A program that draws records as marks; of its uniforms those that it has.
#[derive(Debug)]
struct Marks {
    program: WebGlProgram,
    clip_scale: Option<WebGlUniformLocation>,
    clip_offset: Option<WebGlUniformLocation>,
    now_s: Option<WebGlUniformLocation>,
    cell_px: Option<WebGlUniformLocation>,
    world_px: Option<WebGlUniformLocation>,
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
        let trail = Trail::new(&gl, palette)?;
        let dots = Marks::new(&gl, shader::DOT_VERTEX, shader::DOT_FRAGMENT, palette)?;
        let signs = Marks::new(&gl, shader::SIGN_VERTEX, shader::SIGN_FRAGMENT, palette)?;
        let array = gl.create_vertex_array().ok_or("no vertex array")?;
        let buffer = gl.create_buffer().ok_or("no buffer")?;
        gl.bind_vertex_array(Some(&array));
        gl.bind_buffer(Gl::ARRAY_BUFFER, Some(&buffer));
        describe_records(&gl, STRIDE, LOOK_OFFSET);
        gl.bind_vertex_array(None);
        Ok(Self {
            gl,
            dots,
            signs,
            array,
            buffer,
            allocated_bytes: 0,
            trail,
        })
    }

    /// Takes other colours. Only while drawing: the context is the base map's, too.
    pub(super) fn recolour(&self, palette: &Palette) {
        self.trail.recolour(&self.gl, palette);
        for marks in [&self.dots, &self.signs] {
            self.gl.use_program(Some(&marks.program));
            set_colours(&self.gl, &marks.program, palette);
        }
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
        gl.disable(Gl::DEPTH_TEST);
        gl.disable(Gl::STENCIL_TEST);
        gl.enable(Gl::BLEND);
        gl.blend_func(Gl::ONE, Gl::ONE_MINUS_SRC_ALPHA);
        let scale = self.scale(points, frame, now_s);
        if frame.camera.zoom - frame.cell_px.log2() >= TAIL_ZOOM {
            let news = points.take_tails(&frame.camera, room_for_tails(frame), frame.now_ms);
            self.trail.draw(&self.gl, news, &scale);
        } else {
            points.hide_tails();
            self.trail.forget();
        }
        let gl = &self.gl;
        gl.bind_vertex_array(Some(&self.array));
        let n_points = i32::try_from(points.bytes().len() / STRIDE).unwrap_or(i32::MAX);
        self.signs.set_frame(gl, frame, &scale);
        if points.has_cells() {
            gl.uniform1f(self.signs.alerting_pass.as_ref(), 0.0);
            gl.draw_arrays(Gl::POINTS, 0, n_points);
        }
        self.dots.set_frame(gl, frame, &scale);
        gl.draw_arrays(Gl::POINTS, 0, n_points);
        gl.use_program(Some(&self.signs.program));
        gl.uniform1f(self.signs.alerting_pass.as_ref(), 1.0);
        gl.draw_arrays(Gl::POINTS, 0, n_points);
        gl.bind_vertex_array(None);
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "clip space is f32; the large parts cancel out in f64 before"
    )]
    fn scale(&self, points: &Points, frame: &Frame, now_s: f32) -> Scale {
        let camera = &frame.camera;
        let world = camera.world_px();
        let scale = (2.0 * world / camera.width, -2.0 * world / camera.height);
        let origin = points.origin();
        let offset = (
            camera.east_of_centre(origin) * scale.0,
            (origin.y - camera.centre.y) * scale.1,
        );
        let device = f64::from(self.gl.drawing_buffer_width()) / camera.width.max(1.0);
        Scale {
            clip_scale: (scale.0 as f32, scale.1 as f32),
            clip_offset: (offset.0 as f32, offset.1 as f32),
            viewport_px: (
                (camera.width * device) as f32,
                (camera.height * device) as f32,
            ),
            cell_px: (frame.cell_px * device) as f32,
            world_px: (world * device) as f32,
            now_s,
        }
    }
}

impl Marks {
    fn new(gl: &Gl, vertex: &str, fragment: &str, palette: &Palette) -> Result<Self, String> {
        let program = link(gl, &[shader::MARK_HEAD, vertex].concat(), fragment)?;
        gl.use_program(Some(&program));
        set_colours(gl, &program, palette);
        let at = |name| gl.get_uniform_location(&program, name);
        Ok(Self {
            clip_scale: at("clip_scale"),
            clip_offset: at("clip_offset"),
            now_s: at("now_s"),
            cell_px: at("cell_px"),
            world_px: at("world_px"),
            alerting_pass: at("alerting_pass"),
            near: at("near"),
            pulse: at("pulse"),
            program,
        })
    }

    /// Takes up the program, with what a frame looks like.
    #[expect(clippy::cast_possible_truncation, reason = "a share of 0 to 1")]
    fn set_frame(&self, gl: &Gl, frame: &Frame, scale: &Scale) {
        let near =
            (frame.camera.zoom - NEAR_ZOOM.0 - frame.cell_px.log2()) / (NEAR_ZOOM.1 - NEAR_ZOOM.0);
        let ((scale_x, scale_y), (offset_x, offset_y)) = (scale.clip_scale, scale.clip_offset);
        gl.use_program(Some(&self.program));
        gl.uniform2f(self.clip_scale.as_ref(), scale_x, scale_y);
        gl.uniform2f(self.clip_offset.as_ref(), offset_x, offset_y);
        gl.uniform1f(self.now_s.as_ref(), scale.now_s);
        gl.uniform1f(self.cell_px.as_ref(), scale.cell_px);
        gl.uniform1f(self.world_px.as_ref(), scale.world_px);
        gl.uniform1f(self.near.as_ref(), near.clamp(0.0, 1.0) as f32);
        let pulse = (scale.now_s / PULSE_S).fract().abs();
        gl.uniform1f(self.pulse.as_ref(), pulse);
    }
}

impl Drop for Layer {
    fn drop(&mut self) {
        gpu::resized(self.allocated_bytes, 0);
    }
}

/// How many tails the view has room for.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "thousands; a cast of what is no number is 0"
)]
fn room_for_tails(frame: &Frame) -> usize {
    let side_px = TAIL_ROOM_U * frame.cell_px;
    (frame.camera.width * frame.camera.height / (side_px * side_px)) as usize
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
