// The timeline: an anywidget module. Python's half is schedlab/view/widgets/timeline.py.

import { start } from "../timeline/start.js";

export default {
  /**
   * @param {{model: import("../timeline/start.js").Model, el: HTMLElement, signal?: AbortSignal}} props
   */
  render({ model, el, signal }) {
    return start(model, el, signal);
  },
};
