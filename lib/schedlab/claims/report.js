"use strict";
{
  const form = document.querySelector(".filter");
  const said = form.querySelector("output");
  const claims = [...document.querySelectorAll(".claim")];
  const rows = [...document.querySelectorAll("[data-row]")];
  const groups = [...document.querySelectorAll("[data-group]")];
  const texts = new Map(claims.map((claim) => [claim, claim.textContent.toLowerCase()]));

  const fits = (claim) => {
    const wanted = [...form.querySelectorAll("[name=verdict]:checked")].map((box) => box.value);
    const words = form.elements.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const section = form.elements.section.value;
    return (wanted.length === 0 || wanted.includes(claim.dataset.verdict))
      && (section === "" || claim.dataset.section === section)
      && words.every((word) => texts.get(claim).includes(word));
  };

  const show = () => {
    const shown = new Set();
    for (const claim of claims) {
      claim.hidden = !fits(claim);
      if (!claim.hidden) shown.add(claim.id);
    }
    for (const row of rows) row.hidden = !shown.has(row.dataset.row);
    for (const group of groups) group.hidden = !group.querySelector(".claim:not([hidden])");
    said.textContent = shown.size === claims.length
      ? `All ${claims.length} claims.` : `${shown.size} of ${claims.length} claims.`;
  };

  // Whoever follows a link to a claim wants to see it.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target?.hidden) {
      form.reset();
      show();
      target.scrollIntoView();
    }
  };

  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(show));
  addEventListener("hashchange", reveal);
  form.hidden = false;
  show();
  reveal();
}
