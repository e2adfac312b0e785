"""A page lets nothing in but its own style and script."""

import base64
import hashlib
import re

from landscape.rendering.page.document import SCRIPTS, asset, page, policy, script, style


def digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_policy_names_the_digests_of_style_and_script_and_nothing_else() -> None:
    expected = f"default-src 'none'; style-src {digest(style())} {digest('p {}')}; script-src {digest(script())}"
    assert policy(["p {}"]).startswith(expected)
    assert policy().count("sha256") == 2


def test_digests_are_those_of_the_text_between_the_tags() -> None:
    html = page("T", "<p>body</p>")
    assert digest(re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]) in policy()  # type: ignore[index]
    assert digest(re.search(r"<script>(.*?)</script>", html, re.DOTALL)[1]) in policy()  # type: ignore[index]


def test_a_title_is_escaped_and_a_body_is_not() -> None:
    html = page("<b>", "<p>body</p>")
    assert "<title>&lt;b&gt;" in html
    assert "<p>body</p>" in html


def test_the_script_holds_all_parts_in_one_scope() -> None:
    assert all(asset(name) in script() for name in SCRIPTS)
    assert script().startswith('"use strict";\n(() => {')
