"use strict";
(() => {
  const byWord = new Map();
  for (const part of document.querySelectorAll("[data-word]")) {
    const word = part.dataset.word;
    byWord.set(word, [...(byWord.get(word) || []), part]);
  }
  const mark = (event, chosen) => {
    const word = event.target.dataset && event.target.dataset.word;
    for (const part of byWord.get(word) || []) part.classList.toggle("chosen", chosen);
  };
  document.addEventListener("mouseover", (event) => mark(event, true));
  document.addEventListener("mouseout", (event) => mark(event, false));
})();
