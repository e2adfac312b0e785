"""A page of ours in a real browser: opened, pointed at, read."""

from pathlib import Path
from typing import Any


def opened(browser: Any, path: Path) -> Any:
    browser.get(f"file://{path}")
    settled(browser)
    return browser


def settled(browser: Any) -> None:
    """Wait until what was asked for is drawn: drawing comes with the next frame, so with the one after it is done."""
    browser.execute_async_script("const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done))")
    assert int(state(browser)["drawn"]) > 0


def state(browser: Any) -> dict[str, str]:
    found: dict[str, str] = browser.execute_script("return {...document.querySelector('.ls-surface').dataset}")
    return found


def picture(browser: Any, panel: int = 0) -> str:
    script = "return document.querySelectorAll('.ls-panel canvas')[arguments[0]].toDataURL()"
    return str(browser.execute_script(script, panel))


def reading(browser: Any, panel: int = 0) -> tuple[int, int, float]:
    script = "return {...document.querySelectorAll('.ls-panel')[arguments[0]].dataset}"
    found = browser.execute_script(script, panel)
    return int(found["row"]), int(found["column"]), float(found["value"])


def words(browser: Any, panel: int = 0) -> str:
    return str(
        browser.execute_script("return document.querySelectorAll('.ls-panel output')[arguments[0]].textContent", panel)
    )


def press(browser: Any, *keys: str, css: str = ".ls-panel canvas") -> None:
    browser.find_element("css selector", css).send_keys(*keys)
    settled(browser)


def hover(browser: Any, across: int, down: int, panel: int = 0) -> None:
    from selenium.webdriver import ActionChains

    canvas = browser.find_elements("css selector", ".ls-panel canvas")[panel]
    ActionChains(browser).move_to_element_with_offset(canvas, across, down).perform()
    settled(browser)
