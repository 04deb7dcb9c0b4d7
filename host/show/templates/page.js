"use strict";
// Of the charts of a run, those of the chosen resource class.
for (const choice of document.querySelectorAll("select.class")) {
  choice.addEventListener("change", () => {
    for (const bars of choice.closest(".charts").querySelectorAll(".bars")) {
      bars.hidden = bars.dataset.class !== choice.value;
    }
  });
}
// Of the map, the rows that are asked for.
const which = document.getElementById("which");
const text = document.getElementById("text");
function narrow() {
  for (const row of document.querySelectorAll("table.grid tbody tr")) {
    const worst = row.dataset.worst;
    const wanted = which.value === "all" || worst === "new" || (which.value === "broken" && worst === "known");
    row.hidden = !wanted || !row.cells[0].textContent.includes(text.value.trim());
  }
}
if (which && text) {
  which.addEventListener("change", narrow);
  text.addEventListener("input", narrow);
}
// The file of a replay, to keep.
for (const button of document.querySelectorAll("button.save")) {
  button.addEventListener("click", () => {
    const replay = button.parentElement.querySelector("pre.replay").textContent;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([replay], { type: "text/yaml" }));
    link.download = button.dataset.file;
    link.click();
    URL.revokeObjectURL(link.href);
  });
}
