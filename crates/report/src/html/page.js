(function () {
  "use strict";
  var box = document.getElementById("filter");
  if (box) {
    var bar = box.closest(".filter");
    var said = bar.querySelector("output");
    var items = Array.from(document.querySelectorAll(".decision")).map(function (item) {
      var group = item.closest("details");
      var place = item.closest(".object").querySelector("h3").textContent;
      var text = [group.querySelector("b").textContent, place, item.textContent].join(" ");
      return { item: item, text: text.toLowerCase() };
    });
    bar.hidden = false;
    box.addEventListener("input", function () {
      var words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      var found = 0;
      items.forEach(function (it) {
        var match = words.every(function (word) { return it.text.indexOf(word) >= 0; });
        it.item.hidden = !match;
        found += match ? 1 : 0;
      });
      document.querySelectorAll("#decisions .object, #decisions details").forEach(function (part) {
        var any = part.querySelector(".decision:not([hidden])");
        part.hidden = !any;
        if (part.tagName === "DETAILS" && words.length) { part.open = Boolean(any); }
      });
      said.textContent = words.length ? found + " of " + items.length : "";
    });
  }
  function reveal() {
    var target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") { target.open = true; }
  }
  window.addEventListener("hashchange", reveal);
  reveal();
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details.group").forEach(function (it) { it.open = true; });
  });
})();
