// The look before the first paint: dark or light, as the address or the browser's memory says. The
// screen itself goes on from here (src/screen/theme.rs). No module: those wait for the document.
(() => {
  const asked = new URLSearchParams(location.search).get("theme");
  const remembered = () => {
    try {
      return localStorage.getItem("egret.theme");
    } catch {
      return null;
    }
  };
  const theme = (asked ?? remembered()) === "light" ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
})();
