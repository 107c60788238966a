import PostureBadge from './posture-badge.vue';

export default { component: PostureBadge };
