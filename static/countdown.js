// Ticks what says when the next page goes out. The instant stands beside it in words, so nothing is lost without script.
"use strict";
{
  const text = (seconds) => {
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    const two = (number) => String(number).padStart(2, "0");
    return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
  };
  const tick = () => {
    for (const timer of document.querySelectorAll("[data-until]")) {
      timer.textContent = text(Math.max(0, Math.round((Date.parse(timer.dataset.until) - Date.now()) / 1000)));
    }
  };
  setInterval(tick, 1000);
}
