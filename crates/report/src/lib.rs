//! A plan for people: terminal, HTML with an SVG diagram, explanations, differences
