// System, light, dark; kept in this browser. Without this script the page follows the system.
(() => {
  const themes = ["auto", "light", "dark"];
  const root = document.documentElement;
  const kept = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const wanted = new URLSearchParams(location.search).get("theme") || kept();
  let at = Math.max(0, themes.indexOf(wanted));
  const apply = () => {
    if (at) root.dataset.theme = themes[at]; else delete root.dataset.theme;
  };
  apply();
  addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("[data-theme-switch]");
    const show = () => {
      button.lastElementChild.textContent = button.dataset.themeSwitch.split(",")[at];
    };
    button.hidden = false;
    show();
    button.addEventListener("click", () => {
      at = (at + 1) % themes.length;
      try { localStorage.setItem("theme", themes[at]); } catch { /* it lasts for this page */ }
      apply();
      show();
    });
  });
})();
