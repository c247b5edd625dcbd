// htmx under its global name, where its extension for server-sent events looks for it.
import htmx from "htmx.org";
window.htmx = htmx;
export default htmx;
