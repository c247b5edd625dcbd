// Marks the page as scripted before its first paint, so the layout without script never flashes by.
document.documentElement.classList.add("js");
