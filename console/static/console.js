// What makes the pages comfortable. Every page works without it.
import { keepClocks, showLocalTimes } from "./times.js";
import { followConversation, followQueue } from "./live.js";
import { prepareReply, sendOnce } from "./reply.js";

showLocalTimes(document);
keepClocks();
sendOnce();
followQueue(document.getElementById("queue"));
followConversation(document.getElementById("conversation"));
prepareReply(document.getElementById("reply-form"));
