(function () {
  var root = document.documentElement, key = "kpi-scorecard-colours";
  function kept() { try { return localStorage.getItem(key); } catch (e) { return null; } }
  function keep(value) { try { localStorage.setItem(key, value); } catch (e) { return; } }
  function dark() {
    return root.dataset.colours ? root.dataset.colours === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }
  function copied(from) {
    if (from.tagName !== "TABLE") { return from.textContent; }
    return Array.from(from.rows, function (row) {
      return Array.from(row.cells, function (cell) { return cell.innerText.trim().replace(/\s+/g, " "); }).join("\t");
    }).join("\n");
  }
  function select(from) {
    var range = document.createRange();
    range.selectNodeContents(from);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  }
  function ready() {
    var toggle = document.getElementById("colours");
    function tell() { toggle.setAttribute("aria-pressed", String(dark())); }
    toggle.hidden = false;
    tell();
    toggle.addEventListener("click", function () {
      root.dataset.colours = dark() ? "light" : "dark";
      keep(root.dataset.colours);
      tell();
    });
    var status = document.getElementById("said");
    document.querySelectorAll(".scroll .strategy-map").forEach(function (map) {
      var frame = map.closest(".scroll");
      frame.scrollLeft = (frame.scrollWidth - frame.clientWidth) / 2;  // a map is drawn around its middle
    });
    document.querySelectorAll("button[data-copies]").forEach(function (button) {
      var from = document.getElementById(button.dataset.copies), said = button.textContent;
      button.hidden = false;
      button.addEventListener("click", function () {
        function tellOf(words) {
          button.textContent = status.textContent = words;
          setTimeout(function () { button.textContent = said; status.textContent = ""; }, 1500);
        }
        function selected() { select(from); tellOf("Selected, to be copied"); }
        if (navigator.clipboard) {
          navigator.clipboard.writeText(copied(from)).then(function () { tellOf("Copied"); }, selected);
        } else {
          selected();
        }
      });
    });
  }
  var chosen = kept();
  if (chosen === "dark" || chosen === "light") { root.dataset.colours = chosen; }
  document.addEventListener("DOMContentLoaded", ready);
})();
