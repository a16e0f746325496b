//! Tails of vehicles: a band for each stretch of where they have been, that fades as it ages. The
//! last stretch grows with the vehicle, in the vertex shader.

use web_sys::{
    WebGl2RenderingContext as Gl, WebGlBuffer, WebGlProgram, WebGlUniformLocation,
    WebGlVertexArrayObject,
};

use crate::map::palette::Palette;
use crate::map::points::{LOOK_OFFSET, SEGMENT_BYTES, TAIL_S};
use crate::map::program::{describe_records, link, set_colours};
use crate::map::shader;

/// From places to the screen, at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    /// From offsets in the square to clip space.
    pub(super) clip_scale: (f32, f32),
    /// Where the origin of offsets lies in clip space.
    pub(super) clip_offset: (f32, f32),
    /// Size of the view. Device pixels.
    pub(super) viewport_px: (f32, f32),
    /// The style's `--u`. Device pixels.
    pub(super) cell_px: f32,
    /// Side of the world. Device pixels.
    pub(super) world_px: f32,
    /// Seconds since the origin of times.
    pub(super) now_s: f32,
}

/// The tails in one context.
#[derive(Debug)]
pub(super) struct Trail {
    program: WebGlProgram,
    array: WebGlVertexArrayObject,
    buffer: WebGlBuffer,
    clip_scale: Option<WebGlUniformLocation>,
    clip_offset: Option<WebGlUniformLocation>,
    viewport_px: Option<WebGlUniformLocation>,
    cell_px: Option<WebGlUniformLocation>,
    now_s: Option<WebGlUniformLocation>,
    n_segments: i32,
}

impl Trail {
    /// Makes program and buffer.
    ///
    /// # Errors
    /// The driver's words.
    pub(super) fn new(gl: &Gl, palette: &Palette) -> Result<Self, String> {
        let program = link(gl, shader::TAIL_VERTEX, shader::TAIL_FRAGMENT)?;
        let array = gl.create_vertex_array().ok_or("no vertex array")?;
        let buffer = gl.create_buffer().ok_or("no buffer")?;
        gl.bind_vertex_array(Some(&array));
        gl.bind_buffer(Gl::ARRAY_BUFFER, Some(&buffer));
        describe_records(gl, SEGMENT_BYTES, LOOK_OFFSET);
        for place in 0..4 {
            gl.vertex_attrib_divisor(place, 1);
        }
        gl.bind_vertex_array(None);
        gl.use_program(Some(&program));
        set_colours(gl, &program, palette);
        let at = |name| gl.get_uniform_location(&program, name);
        gl.uniform1f(at("tail_s").as_ref(), TAIL_S);
        Ok(Self {
            clip_scale: at("clip_scale"),
            clip_offset: at("clip_offset"),
            viewport_px: at("viewport_px"),
            cell_px: at("cell_px"),
            now_s: at("now_s"),
            program,
            array,
            buffer,
            n_segments: 0,
        })
    }

    /// Takes other colours. Only while drawing: the context is the base map's, too.
    pub(super) fn recolour(&self, gl: &Gl, palette: &Palette) {
        gl.use_program(Some(&self.program));
        set_colours(gl, &self.program, palette);
    }

    /// Nothing of what it was told counts any more.
    pub(super) fn forget(&mut self) {
        self.n_segments = 0;
    }

    /// Draws all stretches, of which `news` are all if there are any.
    pub(super) fn draw(&mut self, gl: &Gl, news: Option<Vec<u8>>, scale: &Scale) {
        if let Some(bytes) = news {
            gl.bind_buffer(Gl::ARRAY_BUFFER, Some(&self.buffer));
            gl.buffer_data_with_u8_array(Gl::ARRAY_BUFFER, &bytes, Gl::DYNAMIC_DRAW);
            self.n_segments = i32::try_from(bytes.len() / SEGMENT_BYTES).unwrap_or(i32::MAX);
        }
        if self.n_segments == 0 {
            return;
        }
        gl.use_program(Some(&self.program));
        gl.bind_vertex_array(Some(&self.array));
        for (place, (x, y)) in [
            (&self.clip_scale, scale.clip_scale),
            (&self.clip_offset, scale.clip_offset),
            (&self.viewport_px, scale.viewport_px),
        ] {
            gl.uniform2f(place.as_ref(), x, y);
        }
        gl.uniform1f(self.cell_px.as_ref(), scale.cell_px);
        gl.uniform1f(self.now_s.as_ref(), scale.now_s);
        gl.draw_arrays_instanced(Gl::TRIANGLE_STRIP, 0, 4, self.n_segments);
        gl.bind_vertex_array(None);
    }
}
