//! Why something was decided, in a form that a person can read and a program can follow.

use serde::Serialize;
use yaml::Span;

/// What a decision rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "from")]
pub enum Because {
    /// A line of the Compose file: the attribute's full dotted path (`services.web.ports.0`).
    Line {
        /// Dotted path of the attribute.
        field: String,
        /// Its place.
        span: Span,
    },
    /// A named rule of the planner, explained by [`Rule::why`].
    Rule(Rule),
    /// What the image table knows about a family of images.
    Image {
        /// Its id in the table.
        family: String,
    },
    /// Another file of the project, such as `backend/Dockerfile`.
    File {
        /// Its path as people write it.
        path: String,
    },
    /// What is known of the cluster.
    Cluster,
    /// An option of the command line.
    Option {
        /// Its name, such as `--with`.
        name: String,
    },
}

/// A named rule of the planner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Rule {
    /// Its stable name, such as `database-never-hpa`.
    pub name: &'static str,
    /// What it does and why, in a sentence or two.
    #[serde(skip)]
    pub why: &'static str,
}

/// How sure we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// The user said so.
    Stated,
    /// It is documented for this image, or it follows from the specification.
    Known,
    /// It was concluded from evidence.
    Inferred,
    /// Nothing speaks for or against it: a default that is safe to start with.
    Assumed,
}

/// One decision: what was chosen for a field of an object, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// The Compose service it is about, if it is about one.
    pub service: Option<String>,
    /// The object, as `Kind/name`.
    pub object: String,
    /// The field below the object, as a dotted path; the decision covers everything below it.
    /// Containers are addressed by name: `spec.template.spec.containers[web].resources`. Empty for
    /// the object as a whole.
    pub field: String,
    /// What was chosen, in few words.
    pub chosen: String,
    /// Why, in a sentence.
    pub why: String,
    /// What it rests on; never empty.
    pub because: Vec<Because>,
    /// How sure we are.
    pub certainty: Certainty,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing.
    Note,
    /// Somebody should look at it; `--strict` refuses it.
    Warning,
    /// The product will not work as it did until it is dealt with.
    Blocker,
}

/// Something that people should know about their product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub level: Level,
    /// A stable name such as `database-without-volume`.
    pub code: &'static str,
    /// The Compose service, if it is about one.
    pub service: Option<String>,
    /// What is the matter.
    pub message: String,
    /// What to do.
    pub fix: String,
    /// What it rests on.
    pub because: Vec<Because>,
}

/// Something that only people can answer; a default was taken meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Question {
    /// The Compose service, if it is about one.
    pub service: Option<String>,
    /// The question.
    pub question: String,
    /// What was assumed meanwhile.
    pub assumed: String,
    /// How to answer, usually an `x-muster` line.
    pub answer: String,
}

/// Everything that planning has to say beside the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What was decided, ordered by service, object and field.
    pub decisions: Vec<Decision>,
    /// What people should know, worst first.
    pub findings: Vec<Finding>,
    /// What only people can answer.
    pub questions: Vec<Question>,
}
