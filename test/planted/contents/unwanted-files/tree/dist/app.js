import { ref } from 'vue';
import { z } from 'zod';

export const kept = [ref, z];
