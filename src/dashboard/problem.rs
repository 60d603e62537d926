use uuid::Uuid;

use crate::http::Problem;

pub fn render(problem: &Problem, id: Uuid) -> String {
    format!("{} {id}", problem.detail)
}
