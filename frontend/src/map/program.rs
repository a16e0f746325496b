//! Programs for the graphics card, and the buffers that feed them.

use web_sys::{WebGl2RenderingContext as Gl, WebGlProgram, WebGlShader};

use crate::map::palette::Palette;

/// Compiles and links a program.
///
/// # Errors
/// The driver's words.
pub(super) fn link(gl: &Gl, vertex: &str, fragment: &str) -> Result<WebGlProgram, String> {
    let vertex = compile(gl, Gl::VERTEX_SHADER, vertex)?;
    let fragment = compile(gl, Gl::FRAGMENT_SHADER, fragment)?;
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

/// Tells the program the style's colours.
pub(super) fn set_colours(gl: &Gl, program: &WebGlProgram, palette: &Palette) {
    let at = |name| gl.get_uniform_location(program, name);
    let levels = palette.levels().concat();
    gl.uniform3fv_with_f32_array(at("level_colour").as_ref(), &levels);
    gl.uniform3fv_with_f32_array(at("fixed_colour").as_ref(), &palette.rgb("--ink-3"));
    gl.uniform3fv_with_f32_array(at("ground_colour").as_ref(), &palette.rgb("--ground"));
}

/// Tells the context where in a record of the bound buffer what lies: two places, two times,
/// looks; see [`crate::map::points`].
pub(super) fn describe_records(gl: &Gl, stride: usize, looks: i32) {
    let stride = i32::try_from(stride).unwrap_or(0);
    for (place, offset) in [(0, 0), (1, 8), (2, 16)] {
        gl.enable_vertex_attrib_array(place);
        gl.vertex_attrib_pointer_with_i32(place, 2, Gl::FLOAT, false, stride, offset);
    }
    gl.enable_vertex_attrib_array(3);
    gl.vertex_attrib_pointer_with_i32(3, 4, Gl::UNSIGNED_BYTE, false, stride, looks);
}
