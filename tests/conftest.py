"""Before any test imports Rasa: the tests meet the Rasa that is served."""

from bot.light_rasa import leave_out_tensorflow

leave_out_tensorflow()
